"""The keys that sign pickles: there, long enough, and nobody else's to read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_IMODE

from datanectar.configuration.settings import Settings
from datanectar.doctor.findings import Finding, guarded
from datanectar.doctor.machine import existing
from datanectar.layer.signing import VARIABLE, check_secret, key_path
from datanectar.values.references import dereference

_CHECK = "signing key"


def signing_keys(settings: Settings) -> Iterator[Finding]:
    """Every key that is known here, the one that signs first."""
    references = settings.get("signing_keys", [])
    role = "signs and verifies"
    if VARIABLE in os.environ:
        check_secret(os.environ[VARIABLE].encode(), VARIABLE)
        yield Finding("ok", _CHECK, f"{VARIABLE} {role}")
        role = "verifies"
    for reference in references:
        yield from guarded(_CHECK, _named(reference, settings.root, role))
        role = "verifies"
    yield from guarded(_CHECK, own_key(role))


def _named(reference: str, root: Path, role: str) -> Iterator[Finding]:
    secret, place = dereference(reference, "signing_keys", root)
    check_secret(secret, place)
    yield Finding("ok", _CHECK, f"{reference} {role}")
    if reference.startswith("file:"):
        yield from _mode(Path(place))


def own_key(role: str = "signs and verifies") -> Iterator[Finding]:
    """The user's own key, which is made when it is first needed."""
    path = key_path()
    if path.exists():
        check_secret(_read(path), str(path))
        yield Finding("ok", _CHECK, f"your own, {path}, {role}")
        yield from _mode(path)
    elif role == "verifies":  # it will not be needed
        return
    elif os.access(existing(path.parent), os.W_OK):
        yield Finding("ok", _CHECK, f"none yet; the first pickle makes one in {path}")
    else:
        remedy = f"set {VARIABLE}, or signing_keys in the configuration"
        yield Finding("warning", _CHECK, f"none, and none can be made in {path}: no pickle can be stored", remedy)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise PermissionError(f"{path} cannot be read: {error.strerror}; check its owner and mode") from error


def _mode(path: Path) -> Iterator[Finding]:
    mode = S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        found = f"{path} has mode {mode:04o}: others can read it, and sign pickles that you would load"
        yield Finding("warning", _CHECK, found, f"chmod 600 {path}")


def sharing(settings: Settings, urls: Sequence[str]) -> Iterator[Finding]:
    """Whether others can load what is pickled here, where they can reach it."""
    shared = [url for url in urls if not url.startswith(("file://", "memory://"))]
    if shared and VARIABLE not in os.environ and not settings.get("signing_keys"):
        found = f"only you can load pickles from {', '.join(shared)}: your key is on this machine alone"
        remedy = f"share one: {VARIABLE}, or signing_keys in the configuration"
        yield Finding("warning", _CHECK, found, remedy)
