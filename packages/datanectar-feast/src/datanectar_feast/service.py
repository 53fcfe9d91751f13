"""Feast's feature server as a service: https://docs.feast.dev/reference/feature-servers/python-feature-server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datanectar as dn

_PORT = 6566  # Feast's own default
_SECONDS = 60
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class FeastServerOptions:
    """Options of ``[services.feast]``. All that is Feast's own stands in its feature_store.yaml."""

    executable: Path | None = field(
        default=None, metadata={"help": "feast, or a virtual environment that has it; by default that of this Python"}
    )
    repo: Path | None = field(
        default=None, metadata={"help": "Feast's feature repository; by default that of [feature_stores.feast]"}
    )
    yaml: Path | None = field(default=None, metadata={"help": "A feature_store.yaml elsewhere or of another name"})
    port: int = field(default=_PORT, metadata={"help": "The port it listens on"})
    arguments: tuple[str, ...] = field(default=(), metadata={"help": "Further arguments of `feast serve`"})
    image: str = field(default="", metadata={"help": "A published image that has it, for `datanectar compose`"})
    requirements: tuple[str, ...] = field(default=(), metadata={"help": "What an image installs beside feast"})


def feast(options: FeastServerOptions) -> dn.Service:
    """Returns the feature server of a feature repository.

    Raises:
        ConfigurationError: There is no feature_store.yaml, or it cannot be read.
    """
    repo, native = _place(options)
    text, read = _read(native)
    elsewhere = () if native == repo / "feature_store.yaml" else ("--feature-store-yaml", str(native))
    where = ("--host", "127.0.0.1", "--port", str(options.port))
    url = f"http://127.0.0.1:{options.port}"
    ours = (f"datanectar-feast=={version('datanectar-feast')}",) if "datanectar_feast" in text else ()
    return dn.Service(
        name="feast",
        command=[
            *(_program(options.executable), "--chdir", str(repo), *elsewhere),
            *("serve", *where, *options.arguments),
        ],
        ready=f"{url}/health",
        request=partial(known_feature, url, repo, native),
        config_files=[native],
        directory=repo,
        variables=sorted({name for pair in _VARIABLE.findall(text) for name in pair if name}),
        ports=[options.port],
        stop_seconds=30,  # it answers what it was asked
        distribution="feast",
        image=options.image,
        requirements=(*ours, *options.requirements),
        data=sorted(set(_data(repo, read))),
    )


def known_feature(url: str, repo: Path, native: Path) -> dn.ServiceRequest | None:
    """Returns a request for a feature that is registered, or None where none is.

    The server's ``/health`` answers before it has read a feature.

    Raises:
        FeatureStoreError: The registry cannot be read.
    """
    command = [sys.executable, "-m", "datanectar_feast.known_feature", str(repo), str(native)]
    done = subprocess.run(  # elsewhere: Feast takes seconds to import, and much memory
        command, capture_output=True, text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no word"]
        raise dn.errors.FeatureStoreError(f"what is registered in {native} cannot be read: {said[-1]}")
    asked = json.loads(done.stdout.splitlines()[-1])
    return None if asked is None else dn.ServiceRequest(f"{url}/get-online-features", asked)


def _program(given: Path | None) -> str:
    if given is None:
        beside = Path(sysconfig.get_path("scripts"), "feast")
        return str(beside) if beside.exists() else "feast"
    return str(given / "bin" / "feast" if given.is_dir() else given)


def _place(options: FeastServerOptions) -> tuple[Path, Path]:
    """The repository and the file: those of this service, else those of the feature store."""
    with dn.settings() as settings:
        stores, root = settings.table("feature_stores.feast"), settings.root
    repo, native = (
        given or (root / Path(str(stores[name].value)).expanduser() if name in stores else None)
        for name, given in (("repo", options.repo), ("yaml", options.yaml))
    )
    repo = (repo or root).absolute()
    native = (native or repo / "feature_store.yaml").absolute()
    if not native.is_file():
        raise dn.errors.ConfigurationError(
            f"there is no {native}: say where Feast's feature repository is, in [feature_stores.feast] or "
            '[services.feast]: repo = "features"'
        )
    return repo, native


def _read(native: Path) -> tuple[str, Mapping[str, Any]]:
    """What stands in Feast's file, to be read only."""
    import yaml

    try:
        text = native.read_text(encoding="utf-8")
        read = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise dn.errors.ConfigurationError(f"{native} is not YAML: {error}") from error
    if not isinstance(read, Mapping):
        raise dn.errors.ConfigurationError(f"{native} must be a table with Feast's project, registry and provider")
    return text, read


def _data(repo: Path, read: Mapping[str, Any]) -> Iterator[Path]:
    """The directories of a registry and an online store that are files of this machine."""
    registry, online = read.get("registry"), read.get("online_store")
    for place in (registry, online):
        path = place.get("path") if isinstance(place, Mapping) else place
        if isinstance(path, str) and "://" not in path and (repo / path).parent.is_dir() and "/" in path:
            yield (repo / path).parent
