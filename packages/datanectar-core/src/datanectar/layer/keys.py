"""Where everything stands in a store."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datanectar.contracts.storage import StorageBackend
from datanectar.records import ObjectInfo

STORE = "datanectar.json"
MANIFESTS = "manifests/"
CODE = "code/"
DATA = "data/"
LOGS = "logs/"
ALIASES = "aliases/"
_ALIAS_ENTRY = re.compile(r"aliases/.+/[^/]+/\d+\.json")


def manifest(name: str) -> str:
    """The key whose presence is the artifact."""
    return f"{MANIFESTS}{name}.json"


def is_manifest(key: str) -> bool:
    """Whether a key below `MANIFESTS` is a manifest's, not that of something else which was put there."""
    return key.endswith(".json")


def name_of(manifest_key: str) -> str:
    """The artifact of a manifest's key."""
    return manifest_key.removeprefix(MANIFESTS).removesuffix(".json")


def data_prefix(name: str, attempt: str = "") -> str:
    """What the keys of an artifact's (or an attempt's) files start with."""
    return f"{DATA}{name}/{attempt}/" if attempt else f"{DATA}{name}/"


def data(name: str, attempt: str, number: int, extension: str) -> str:
    """The key of one file of an attempt."""
    return f"{data_prefix(name, attempt)}{number}.{extension}"


def data_name(data_key: str) -> str:
    """The artifact of a file's key."""
    return data_key.removeprefix(DATA).rsplit("/", 2)[0]


def logs_prefix(name: str) -> str:
    """What the keys of an artifact's logs start with."""
    return f"{LOGS}{name}/"


def log(name: str, attempt: str) -> str:
    """The key of an attempt's log."""
    return f"{logs_prefix(name)}{attempt}.log"


def logged_name(log_key: str) -> str:
    """The artifact that the attempt of a log's key was to make."""
    return log_key.removeprefix(LOGS).rpartition("/")[0]


def code(digest: str) -> str:
    """The key of what is known of one version of a task's code."""
    return f"{CODE}{digest}.json"


def source(digest: str) -> str:
    """The key of the source text of one version of a task's code."""
    return f"{CODE}{digest}.source.json"


def repairs_prefix(name: str) -> str:
    """What the keys of an artifact's later manifests start with."""
    return f"repairs/{name}/"


def repair(name: str, number: int) -> str:
    """The key of the manifest that replaces damaged ones."""
    return f"{repairs_prefix(name)}{number:06d}.json"


def aliases_prefix(path: str, alias: str) -> str:
    """What the keys of an alias's numbered log start with."""
    return f"{ALIASES}{path}/{alias}/"


def alias(path: str, alias_name: str, number: int) -> str:
    """The key of one entry of an alias's log; the highest number is in force."""
    return f"{aliases_prefix(path, alias_name)}{number:09d}.json"


def is_alias_entry(key: str) -> bool:
    """Whether a key below `ALIASES` is a numbered entry's, not that of something else which was put there."""
    return _ALIAS_ENTRY.fullmatch(key) is not None


def alias_of(entry_key: str) -> tuple[str, str]:
    """The task's path and the alias of an entry's key."""
    path, alias_name, _ = entry_key.removeprefix(ALIASES).rsplit("/", 2)
    return path, alias_name


def below(backend: StorageBackend, prefix: str, depth: int) -> Iterator[ObjectInfo]:
    """Yields the objects just `depth` segments below a prefix: deeper ones are of a name that starts with this one."""
    slashes = prefix.count("/") + depth - 1
    return (info for info in backend.list(prefix) if info.key.count("/") == slashes)


def number_of(key: str) -> int:
    """The number of a repair's or alias entry's key."""
    return int(key.rpartition("/")[2].removesuffix(".json"))
