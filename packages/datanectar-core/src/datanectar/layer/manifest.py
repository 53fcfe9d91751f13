"""The manifest: a small JSON document whose presence is the artifact, and its provenance.

Its last member is the SHA-256 of the bytes before it, so one hash covers everything in it, values of up to
64 KiB included.
"""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from typing import Any

from datanectar.contracts.serialization import EXTENSION
from datanectar.errors import FormatError, IntegrityError, SerializationError
from datanectar.layer import keys
from datanectar.layer.trees import is_number, is_tree

FORMAT = 1
#: The member that says which file holds the details, where they are too large for the manifest.
DETAILS = "details"
_SEAL = b',"sha256":"'
_SEAL_LENGTH = len(_SEAL) + 64 + len(b'"}')
_LARGEST = 4 << 20
_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_decoder = json.JSONDecoder()
#: What mends a damaged artifact.
REMEDY = "Run the task again to have it made anew, or remove it with `datanectar rm`"


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
    def stored_files(self) -> list[tuple[str, dict[str, Any]]]:
        """Those of its files that are objects of their own, by key."""
        return stored_files(self.name, self.attempt, self.files)

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
        """The bytes of a file that is kept in the manifest itself.

        Raises:
            IntegrityError: They cannot be read from the text that stands for them.
        """
        file = self.files[number]
        try:
            if "text" in file:
                return file["text"].encode()  # type: ignore[no-any-return]
            return base64.b64decode(file["base64"], validate=True) if "base64" in file else None
        except ValueError as error:  # whoever can write to the store can seal anything
            msg = f"{self.key} is sealed, but its file {number} cannot be read: {error}. {REMEDY}"
            raise IntegrityError(msg, key=self.key, expected=file["sha256"], got=str(error)) from error

    def __repr__(self) -> str:
        return f"Manifest({self.name!r}, attempt={self.attempt!r}, size={self.size})"


def seal(document: dict[str, Any]) -> bytes:
    """Returns the bytes of a manifest, closed by their own hash.

    Raises:
        SerializationError: It is larger than any reader accepts.
    """
    body = _encoder.encode(document).encode("ascii")[:-1]
    if len(body) + _SEAL_LENGTH > _LARGEST:
        raise SerializationError(
            f"the result is of too many parts: its manifest would have {len(body) >> 20} MiB, and {_LARGEST >> 20} MiB "
            "is the limit. Return fewer and larger parts, such as one table or array"
        )
    return body + _seal_of(body)


def _seal_of(body: bytes) -> bytes:
    return _SEAL + sha256(body).hexdigest().encode() + b'"}'


def unseal(data: bytes, key: str, name: str) -> Manifest:
    """Returns the manifest that `seal` made for the artifact `name`.

    Raises:
        IntegrityError: The bytes are not those that were sealed, or those of another artifact.
        FormatError: It is of a format that this release does not read.
    """
    document = open_seal(data, key, REMEDY)
    if document.get("format") != FORMAT:
        raise FormatError(newer_format(key, document.get("format")))
    if not _well_formed(document):
        msg = f"{key} is sealed but not a manifest. {REMEDY}"
        raise IntegrityError(msg, key=key, expected="a manifest", got="other JSON")
    if document["name"] != name:
        msg = f"{key} is the manifest of another artifact, {document['name']}. {REMEDY}"
        raise IntegrityError(msg, key=key, expected=name, got=document["name"])
    return Manifest(document, key)


def open_seal(data: bytes, key: str, remedy: str) -> dict[str, Any]:
    """Returns a sealed JSON object after checking its hash; `remedy` says what to do about a broken one."""
    body, closing = data[:-_SEAL_LENGTH], data[-_SEAL_LENGTH:]
    if len(data) > _LARGEST or closing != _seal_of(body):
        msg = f"{key} is truncated or was changed: its seal is broken. {remedy}"
        expected = closing[len(_SEAL) : -2].decode("ascii", "replace")
        raise IntegrityError(msg, key=key, expected=expected, got=sha256(body).hexdigest())
    try:
        text = str(body + b"}", "ascii")
        document, end = _decoder.raw_decode(text)  # `decode` would look for white space, which `seal` never writes
        if end != len(text):
            raise ValueError("it goes on after its end")
    except (ValueError, RecursionError) as error:
        msg = f"{key} is sealed but not JSON. {remedy}"
        raise IntegrityError(msg, key=key, expected="JSON", got=str(error)) from error
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


def is_inline(entry: dict[str, Any]) -> bool:
    """Whether a file's bytes are in the manifest itself."""
    return "text" in entry or "base64" in entry


def stored_files(name: str, attempt: str, files: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Returns those of an attempt's files that are objects of their own, by key."""
    return [
        (keys.data(name, attempt, number, entry["extension"]), entry)
        for number, entry in enumerate(files)
        if not is_inline(entry)
    ]


_TEXTS = ("name", "attempt", "started", "host", "python")
_STARTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
_FILE = ("size", "sha256", "extension")

# It becomes part of a path, as the extension does, so nothing else may be in it.
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _well_formed(document: dict[str, Any]) -> bool:
    if [*map(type, map(document.get, _TEXTS))] != [str] * 5 or type(document.get("seconds")) not in (int, float):
        return False
    if _STARTED.fullmatch(document["started"]) is None:
        return False
    files = document.get("files")
    if type(files) is not list:
        return False
    for entry in files:  # not all(…): at each load, a generator would take as long as what it does
        if not _is_file(entry):
            return False
    if DETAILS in document and not is_number(document[DETAILS], len(files)):
        return False
    return is_tree(document.get("value"), len(files))


def _is_file(entry: Any) -> bool:
    if type(entry) is not dict or [*map(type, map(entry.get, _FILE))] != [int, str, str]:
        return False
    return (
        _DIGEST.fullmatch(entry["sha256"]) is not None
        and EXTENSION.fullmatch(entry["extension"]) is not None
        and type(entry.get("text", "")) is str
        and type(entry.get("base64", "")) is str
    )
