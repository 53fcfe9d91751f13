"""Signatures: a pickle is loaded only if the user's own key, or one the user shares, signed its manifest."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from datanectar.errors import ConfigurationError
from datanectar.layer.manifest import Manifest
from datanectar.layer.user_directories import configuration_directory
from datanectar.values.references import dereference
from datanectar.values.typed_json import dumps

VARIABLE = "DATANECTAR_SIGNING_KEY"
_SHORTEST_KEY = 32


class _Key(NamedTuple):
    id: str
    secret: bytes


class Signer:
    """Signs with the first of the keys it knows, and verifies with each of them.

    Those are the variable's, the configuration's and the user's own, in this order: so a key that is shared from now
    on leaves readable what the user's own key signed. Each is read when it is first needed.
    """

    def __init__(self, references: Iterable[str], root: Path) -> None:
        self._references, self._root = tuple(references), root
        self._resolved: dict[str, _Key] = {}

    def sign(self, manifest: Manifest) -> dict[str, str]:
        """Returns the signature that goes into a manifest: HMAC-SHA256 with the key's id."""
        key = next(self._named_keys(), None) or _key(_own_key())
        return {"key": key.id, "hmac": _hmac(key, manifest)}

    def verifies(self, manifest: Manifest) -> bool:
        """Whether one of the keys signed this manifest's name, attempt, serializers and digests."""
        signature = manifest.document.get("signature")
        if not isinstance(signature, dict):
            return False
        given = str(signature.get("hmac", "")).encode("utf-8", "replace")
        return any(
            key.id == signature.get("key") and hmac.compare_digest(_hmac(key, manifest).encode(), given)
            for key in self._known_keys()
        )

    def _named_keys(self) -> Iterator[_Key]:
        """Yields the keys that the environment and the configuration name."""
        if VARIABLE in os.environ:
            yield _key(check_secret(os.environ[VARIABLE].encode(), VARIABLE))
        for reference in self._references:
            if reference not in self._resolved:
                self._resolved[reference] = _key(check_secret(*dereference(reference, "signing_keys", self._root)))
            yield self._resolved[reference]

    def _known_keys(self) -> Iterator[_Key]:
        yield from self._named_keys()
        try:
            path = key_path()
            own = path.read_bytes().strip()
        except OSError:  # none yet, and it is not made to verify: it would verify nothing
            return
        yield _key(check_secret(own, str(path)))


def _key(secret: bytes) -> _Key:
    return _Key(sha256(b"datanectar key id" + secret).hexdigest()[:16], secret)


def _hmac(key: _Key, manifest: Manifest) -> str:
    # Not the store's address: a copy of an artifact keeps its signature.
    signed = [manifest.name, manifest.attempt, manifest.value, manifest.digests]
    return hmac.new(key.secret, dumps(signed).encode(), sha256).hexdigest()


def check_secret(secret: bytes, source: str) -> bytes:
    """Returns a key that is long enough.

    Raises:
        ConfigurationError: It is too short; where it is from is named.
    """
    if len(secret) < _SHORTEST_KEY:
        raise ConfigurationError(f"{source}: a signing key has at least {_SHORTEST_KEY} bytes; this has {len(secret)}")
    return secret


def key_path() -> Path:
    """Where the user's own key is: made on first use, readable by the user only."""
    return configuration_directory() / "signing.key"


def _own_key() -> bytes:
    try:
        path = key_path()
        return check_secret(_make_key(path), str(path))
    except OSError as error:
        why = f" in {error.filename}: {error.strerror}" if error.filename else f": {error}"
        msg = (
            f"your signing key cannot be kept{why}. Set {VARIABLE} to a secret of at least "
            f"{_SHORTEST_KEY} characters, or signing_keys in the configuration"
        )
        raise ConfigurationError(msg) from error


def _make_key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}-{os.urandom(6).hex()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w") as file:
                file.write(os.urandom(32).hex())
            os.link(temporary, path)  # whole or not at all: a second process never reads half a key
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes().strip()
