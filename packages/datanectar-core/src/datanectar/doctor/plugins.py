"""The plugins: what became of each, and names that two of them claim."""

from __future__ import annotations

from collections.abc import Iterator

from datanectar.doctor.findings import Finding
from datanectar.plugins.manager import PluginInfo
from datanectar.registry import Registry


def plugins(registry: Registry, infos: dict[str, PluginInfo]) -> Iterator[Finding]:
    """What became of each plugin."""
    offers = registry.offers()  # asking is what finds out that a plugin brings nonsense
    for name, info in list(infos.items()):
        check = f"plugin {name}"
        if info.status == "failed":
            remedy = f'mend or update {info.distribution}, or leave it out: [plugins] disable = ["{info.name}"]'
            yield Finding("error", check, f"{info.origin} failed: {type(info.error).__name__}: {info.error}", remedy)
        elif info.status == "disabled":
            yield Finding("ok", check, f"{info.origin}, disabled by {info.disabled_by}")
        else:
            brings = ", ".join(offers.get(info.name, [])) or "no component"
            yield Finding("ok", check, f"{info.origin} brings {brings}")
    for conflict in registry.conflicts.values():
        yield Finding("error", "plugins", str(conflict))
