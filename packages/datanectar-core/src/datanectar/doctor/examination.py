"""The whole examination, from the configuration to the clock."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from datanectar.configuration.active import override
from datanectar.configuration.files import Setting
from datanectar.configuration.settings import Settings
from datanectar.doctor import configuration, machine, plugins, services, signing, stores
from datanectar.doctor.findings import Finding, guarded
from datanectar.errors import ConfigurationError
from datanectar.layer.opening import open_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.layer.user_directories import cache_directory
from datanectar.registry import registry


def examine(profile: str | None = None, storage_layer: str | None = None, every: bool = False) -> Iterator[Finding]:
    """Checks everything a run depends on; whatever is wrong is a finding, never an exception.

    Args:
        profile: The profile to examine; by default the one in force.
        storage_layer: The storage to examine: a name or a URL.
        every: Whether to examine every configured storage, too.
    """
    yield from guarded("python", machine.system())
    yield from guarded("libraries", machine.libraries())
    layers: list[StorageLayer] = []
    given = {"profile": profile, "storage_layer": storage_layer}
    yield from guarded("configuration", _configuration(given, every, layers))
    yield from guarded("disk", _disks(layers))


def _configuration(given: dict[str, str | None], every: bool, layers: list[StorageLayer]) -> Iterator[Finding]:
    try:
        with override("command line", given) as settings:
            yield from _configured(settings, every, layers)
    except ConfigurationError as failure:
        yield from configuration.mistakes(failure)
        # Nor plugins: which of them may be imported is a matter of configuration.
        yield Finding("warning", "storage", "not examined, and no plugins either: mend the configuration first")
        yield from guarded("signing key", signing.own_key())


def _disks(layers: list[StorageLayer]) -> Iterator[Finding]:
    places = [(f"storage {layer.reference}", stores.local_directory(layer.backend)) for layer in layers]
    places += [("cache", cache_directory()), ("temporary files", Path(tempfile.gettempdir()))]
    yield from machine.disks([(use, path) for use, path in places if path is not None])


def _configured(settings: Settings, every: bool, layers: list[StorageLayer]) -> Iterator[Finding]:
    yield from guarded("configuration", configuration.configuration(settings))
    yield from guarded("plugins", plugins.plugins(registry(settings), settings.manager.infos))
    yield from guarded("configuration", configuration.components(settings))
    yield from guarded("policies", configuration.policies(settings))
    yield from guarded("profiles", configuration.profiles(settings))
    yield from guarded("services", services.services(settings))
    used = _used(settings, every)
    yield from guarded("storages", configuration.storages(settings, list(used)))
    for name, chosen in used.items():
        yield from guarded(f"storage {name}", _store(settings, chosen, layers))
    yield from guarded("signing key", signing.signing_keys(settings))
    yield from guarded("signing key", signing.sharing(settings, [layer.backend.url for layer in layers]))


def _used(settings: Settings, every: bool) -> dict[str, Setting]:
    """The storages of the profile in force, those of its policies among them; or all that are configured."""
    chosen, names = settings.choose("storage_layer"), settings.names("storage")
    found = {} if chosen is None else {chosen.value: chosen}
    if chosen is settings.values.get(f"profiles.{settings.profile}.storage_layer"):  # else it wins over policies, too
        for row in (*settings.package_policies, *settings.policies):
            layer, profile = row.get("storage_layer"), row.get("profile", settings.values["profile"])
            if layer and profile.value == settings.profile and (layer.value in names or "://" in layer.value):
                found.setdefault(layer.value, layer)
    if every:
        for name in names:
            found.setdefault(name, Setting(name, f"storage.{name}"))
    return found


def _store(settings: Settings, chosen: Setting, layers: list[StorageLayer]) -> Iterator[Finding]:
    layer = open_layer(settings, chosen)
    layers.append(layer)
    yield from stores.store(f"storage {chosen.value}", layer)
