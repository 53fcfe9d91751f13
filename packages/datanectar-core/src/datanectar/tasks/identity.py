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
from base64 import b32encode
from hashlib import sha256
from typing import Any

from datanectar.errors import ArgumentError
from datanectar.tasks.inputs import File, Secret
from datanectar.values import typed_json

_CONTAINERS = {list, tuple, dict, set, frozenset}

#: 26 base32 characters are 130 bits of the hash.
_LENGTH = 26
_LARGEST_PARAMETER = 1 << 20


def identify(value: Any) -> Any:
    """Returns the canonical form of a checked argument."""
    kind = type(value)
    if kind in typed_json.ENCODERS and kind not in _CONTAINERS:
        return typed_json.encode(value)
    if kind is list:
        return [identify(item) for item in value]
    if kind is tuple:
        return {"$tuple": [identify(item) for item in value]}
    if kind is dict:
        return _identify_dict(value)
    if kind in (set, frozenset):
        return {f"${kind.__name__}": sorted((identify(item) for item in value), key=typed_json.dumps)}
    if kind is File:
        return {"$file": value.digest()}
    if kind is Secret:
        return {"$secret": True}
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


def _identify_dict(value: dict[Any, Any]) -> dict[str, Any]:
    if all(map(typed_json.is_plain_key, value)):
        return {key: identify(item) for key, item in value.items()}
    pairs = [[identify(key), identify(item)] for key, item in value.items()]
    return {"$dict": sorted(pairs, key=lambda pair: typed_json.dumps(pair[0]))}


def _plain(value: Any) -> list[Any]:
    try:
        return [identify(value)]
    except typed_json.NotPlain:
        return []


def fingerprint_of(document: Any) -> str:
    """Returns the fingerprint of a canonical document: the SHA-256 of its text as 26 characters of a-z 2-7.

    Raises:
        ArgumentError: A parameter is larger than 1 MiB.
    """
    text = typed_json.dumps(document)
    if len(text) > _LARGEST_PARAMETER:
        _refuse_large_parameters(document)
    digest = sha256(text.encode("ascii")).digest()
    return b32encode(digest[:20]).decode("ascii")[:_LENGTH].lower()  # 5 bytes are 8 characters of base32


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
