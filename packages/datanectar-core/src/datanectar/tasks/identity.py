"""The canonical document of an artifact: everything that decides its content, and nothing else.

Its text (sorted keys, no spaces) is hashed into the fingerprint, and it is recorded in the manifest: anyone can
compute a fingerprint again. Beyond typed JSON it knows::

    an artifact       {"$artifact": "<its fingerprint>"}, with "part": [keys] for a part of it
    a secret          {"$secret": true}; one that is a parameter itself is left out altogether
    a file            {"$file": "<sha-256 of its content>"}
    an enum's member  {"$enum": ["Color", "RED", <its value, if that is plain>]}
    a dataclass       {"$dataclass": ["Options", {"depth": 3}]}
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from datanectar.errors import ArgumentError
from datanectar.tasks.inputs import File, Secret
from datanectar.values import typed_json

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
#: Ten bits at a time; `base64` takes three times as long, which a warm run would notice.
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
#: 26 base32 characters are the first 130 bits of the hash.
_SHIFTS = range(120, -1, -10)
_LARGEST_PARAMETER = 1 << 20


def identify(value: Any) -> Any:
    """Returns the canonical form of a checked argument."""
    kind = type(value)
    form = _FORMS.get(kind)
    if form is not None:
        return form(value)
    if isinstance(value, enum.Enum):
        return {"$enum": [kind.__qualname__, value.name, *_plain(value.value)]}
    if hasattr(value, "_as_artifact"):
        return identify_artifact(value)
    if hasattr(kind, "__dataclass_fields__"):
        import dataclasses

        fields = {field.name: identify(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"$dataclass": [kind.__qualname__, fields]}
    return typed_json.encode(value)


def identify_artifact(artifact: Any) -> dict[str, Any]:
    """Returns the canonical form of an artifact, or of a part of one."""
    document: dict[str, Any] = {"$artifact": artifact.fingerprint}
    if artifact.part:
        document["part"] = [typed_json.encode(key) for key in artifact.part]
    return document


def identify_parameters(arguments: dict[str, Any], ignore: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns the canonical form of a call's arguments; secrets and ignored ones are left out."""
    return {
        name: identify(value) for name, value in arguments.items() if name not in ignore and type(value) is not Secret
    }


def _identify_set(value: Any) -> dict[str, Any]:
    return {f"${type(value).__name__}": sorted((identify(item) for item in value), key=typed_json.dumps)}


def _identify_dict(value: dict[Any, Any]) -> dict[str, Any]:
    if all(map(typed_json.is_plain_key, value)):
        return {key: identify(item) for key, item in value.items()}
    pairs = [[identify(key), identify(item)] for key, item in value.items()]
    return {"$dict": sorted(pairs, key=lambda pair: typed_json.dumps(pair[0]))}


_FORMS: dict[type, Callable[[Any], Any]] = {
    **typed_json.ENCODERS,
    list: lambda value: [identify(item) for item in value],
    tuple: lambda value: {"$tuple": [identify(item) for item in value]},
    dict: _identify_dict,
    set: _identify_set,
    frozenset: _identify_set,
    File: lambda value: {"$file": value.digest()},
    Secret: lambda value: {"$secret": True},
}


def _plain(value: Any) -> list[Any]:
    try:
        return [identify(value)]
    except typed_json.NotPlain:
        return []


def canonical_text(document: Any) -> str:
    """Returns the text of a canonical document.

    Raises:
        ArgumentError: A parameter is larger than 1 MiB.
    """
    text = typed_json.dumps(document)
    if len(text) > _LARGEST_PARAMETER:
        _refuse_large_parameters(document)
    return text


def fingerprint_of(text: str) -> str:
    """Returns the fingerprint of a canonical document's text: its SHA-256 as 26 characters of a-z 2-7."""
    bits = int.from_bytes(sha256(text.encode("ascii")).digest()[:17], "big") >> 6
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def _refuse_large_parameters(document: Any) -> None:
    for section in ("parameters", "fields"):
        for name, value in document.get(section, {}).items():
            size = len(typed_json.dumps(value))
            if size > _LARGEST_PARAMETER:
                msg = (
                    f"{document['task'][-1]}() refuses {name}: it has {size / _LARGEST_PARAMETER:.1f} MiB; 1 MiB is "
                    "the most that a name is made of. Pass dn.File(path), or the artifact of a task that makes it"
                )
                raise ArgumentError(msg)
