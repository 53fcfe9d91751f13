"""Signatures: a pickle is loaded only if the user's own key, or one the user shares, signed its manifest."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from datanectar.errors import ConfigurationError
from datanectar.layer.manifest import Manifest
from datanectar.layer.user_directories import configuration_directory
from datanectar.values.typed_json import dumps

VARIABLE = "DATANECTAR_SIGNING_KEY"
_SHORTEST_KEY = 32


class _Key(NamedTuple):
    id: str
    secret: bytes


class Signer:
    """Signs with the first of its keys and verifies with all of them. Keys are read on first use."""

    def __init__(self, references: Iterable[str], root: Path) -> None:
        self._references, self._root = tuple(references), root
        self._keys: list[_Key] | None = None

    def sign(self, manifest: Manifest) -> dict[str, str]:
        """Returns the signature that goes into a manifest: HMAC-SHA256 with the key's id."""
        key = self._read_keys()[0]
        return {"key": key.id, "hmac": _hmac(key, manifest)}

    def verifies(self, manifest: Manifest) -> bool:
        """Whether one of the keys signed this manifest's name, attempt, serializers and digests."""
        signature = manifest.document.get("signature")
        if not isinstance(signature, dict):
            return False
        given = str(signature.get("hmac", "")).encode("utf-8", "replace")
        return any(
            key.id == signature.get("key") and hmac.compare_digest(_hmac(key, manifest).encode(), given)
            for key in self._read_keys()
        )

    def _read_keys(self) -> list[_Key]:
        if self._keys is None:
            if VARIABLE in os.environ:
                secrets = [_checked(os.environ[VARIABLE].encode(), VARIABLE)]
            else:
                secrets = [self._resolve(reference) for reference in self._references] or [_own_key(key_path())]
            self._keys = [_Key(sha256(b"datanectar key id" + secret).hexdigest()[:16], secret) for secret in secrets]
        return self._keys

    def _resolve(self, reference: str) -> bytes:
        kind, _, place = reference.partition(":")
        if kind == "env" and place in os.environ:
            return _checked(os.environ[place].encode(), place)
        if kind == "file":
            path = self._root / Path(place).expanduser()
            try:
                return _checked(path.read_bytes().strip(), str(path))
            except OSError as error:
                raise ConfigurationError(f"signing_keys: {path} cannot be read: {error.strerror}") from error
        if kind == "env":
            raise ConfigurationError(f"signing_keys: the variable {place} is not set")
        # What was written may be a key itself, so it is not repeated.
        raise ConfigurationError("signing_keys: write env:NAME or file:PATH, never a key itself")


def _hmac(key: _Key, manifest: Manifest) -> str:
    # Not the store's address: a copy of an artifact keeps its signature.
    signed = [manifest.name, manifest.attempt, manifest.value, manifest.digests]
    return hmac.new(key.secret, dumps(signed).encode(), sha256).hexdigest()


def _checked(secret: bytes, source: str) -> bytes:
    if len(secret) < _SHORTEST_KEY:
        raise ConfigurationError(f"{source}: a signing key has at least {_SHORTEST_KEY} bytes; this has {len(secret)}")
    return secret


def key_path() -> Path:
    """Where the user's own key is: made on first use, readable by the user only."""
    return configuration_directory() / "signing.key"


def _own_key(path: Path) -> bytes:
    try:
        return _checked(_make_key(path), str(path))
    except OSError as error:
        msg = (
            f"your signing key cannot be kept in {path}: {error.strerror}. Set {VARIABLE} to a secret of at least "
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
