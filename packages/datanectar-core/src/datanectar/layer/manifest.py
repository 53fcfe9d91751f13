"""The manifest: a small JSON document whose presence is the artifact, and its provenance.

Its last member is the SHA-256 of the bytes before it, so one hash covers everything in it, values of up to
64 KiB included.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

from datanectar.errors import FormatError, IntegrityError

FORMAT = 1
#: The member that says which file holds the details, where they are too large for the manifest.
DETAILS = "details"
_SEAL = b',"sha256":"'
_SEAL_LENGTH = len(_SEAL) + 64 + len(b'"}')
_LARGEST = 4 << 20


class Manifest:
    """What a store knows of one artifact. `StorageLayer.manifest` returns it.

    Attributes:
        document: The manifest as JSON data, without its seal.
        key: Where it stands in its store.
    """

    __slots__ = ("document", "key")

    def __init__(self, document: dict[str, Any], key: str) -> None:
        self.document, self.key = document, key

    @property
    def name(self) -> str:
        """The artifact's name."""
        return self.document["name"]  # type: ignore[no-any-return]

    @property
    def attempt(self) -> str:
        """The id of the execution that made it."""
        return self.document["attempt"]  # type: ignore[no-any-return]

    @property
    def files(self) -> list[dict[str, Any]]:
        """Its files: ``size`` in bytes, ``sha256``, ``extension``, and ``text`` or ``base64`` if inline."""
        return self.document["files"]  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file["size"] for file in self.files)

    @property
    def value(self) -> dict[str, Any]:
        """How the files make up the value: ``{"file": 0, "serializer": "json"}``, or a tree of such."""
        return self.document["value"]  # type: ignore[no-any-return]

    @property
    def identity(self) -> dict[str, Any] | None:
        """What its fingerprint is the hash of; None if it was stored by hand, or is too large and in a file."""
        return self.document.get("identity")

    @property
    def started(self) -> str:
        """When the attempt began, ISO 8601 in UTC."""
        return self.document["started"]  # type: ignore[no-any-return]

    @property
    def seconds(self) -> float:
        """How long the task's own code took."""
        return self.document["seconds"]  # type: ignore[no-any-return]

    @property
    def digests(self) -> list[tuple[int, str]]:
        """Size and SHA-256 of each file."""
        return [(file["size"], file["sha256"]) for file in self.files]

    def inline(self, number: int) -> bytes | None:
        """The bytes of a file that is kept in the manifest itself."""
        file = self.files[number]
        if "text" in file:
            return file["text"].encode()  # type: ignore[no-any-return]
        return base64.b64decode(file["base64"]) if "base64" in file else None

    def __repr__(self) -> str:
        return f"Manifest({self.name!r}, attempt={self.attempt!r}, size={self.size})"


def seal(document: dict[str, Any]) -> bytes:
    """Returns the bytes of a manifest, closed by their own hash."""
    body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]
    return body + _SEAL + sha256(body).hexdigest().encode() + b'"}'


def unseal(data: bytes, key: str) -> Manifest:
    """Returns the manifest that `seal` made.

    Raises:
        IntegrityError: The bytes are not those that were sealed.
        FormatError: It is of a format that this release does not read.
    """
    document = open_seal(data, key)
    if document.get("format") != FORMAT:
        raise FormatError(newer_format(key, document.get("format")))
    if not _well_formed(document):
        raise IntegrityError(f"{key} is sealed but not a manifest", key=key, expected="a manifest", got="other JSON")
    return Manifest(document, key)


def open_seal(data: bytes, key: str) -> dict[str, Any]:
    """Returns a sealed JSON object after checking its hash."""
    body, tail = data[:-_SEAL_LENGTH], data[-_SEAL_LENGTH:]
    expected = tail[len(_SEAL) : -2].decode("ascii", "replace")
    got = sha256(body).hexdigest()
    if len(data) > _LARGEST or not tail.startswith(_SEAL) or not tail.endswith(b'"}') or expected != got:
        raise IntegrityError(
            f"{key} is truncated or was changed: its seal is broken", key=key, expected=expected, got=got
        )
    document = json.loads(str(body + b"}", "ascii"))
    return document if isinstance(document, dict) else {}


def newer_format(key: str, found: object) -> str:
    """The message for a document of another format version."""
    return f"{key} has format {found!r}, and this release reads format {FORMAT}: pip install -U datanectar-core"


def inline_file(data: bytes, entry: dict[str, Any]) -> dict[str, Any]:
    """Adds a file's bytes to its entry, readable where they are text."""
    try:
        return {**entry, "text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {**entry, "base64": base64.b64encode(data).decode("ascii")}


_FIELDS: dict[str, Any] = {
    "name": str,
    "attempt": str,
    "files": list,
    "value": dict,
    "started": str,
    "seconds": (int, float),
}


def _well_formed(document: dict[str, Any]) -> bool:
    return all(isinstance(document.get(field), kind) for field, kind in _FIELDS.items()) and all(
        isinstance(file, dict) and isinstance(file.get("size"), int) and isinstance(file.get("sha256"), str)
        for file in document["files"]
    )
