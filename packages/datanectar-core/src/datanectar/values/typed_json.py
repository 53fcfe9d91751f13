"""Typed JSON: plain Python values as JSON documents from which they come back with their types.

What JSON has is written as it is; everything else is an object with one key that starts with ``$``::

    (1, 2)              {"$tuple": [1, 2]}
    {3: "c"}            {"$dict": [[3, "c"]]}
    date(2013, 1, 31)   {"$date": "2013-01-31"}
    nan                 {"$float": "nan"}

Fingerprints hash this form, manifests record it, and the ``json`` serializer stores it.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

Encoder = Callable[[Any], Any]

_SAFE_INT = 1 << 63  # beyond it other JSON readers round; beyond 4 300 digits Python's own refuses
_NONE = type(None)
#: A high and a low surrogate in a row; JSON's reader would join them to one character.
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class NotPlain(TypeError):
    """A value that typed JSON cannot hold exactly.

    Attributes:
        value: The offending value, perhaps deep inside what was encoded.
    """

    def __init__(self, value: object) -> None:
        super().__init__(f"{type(value).__module__}.{type(value).__qualname__} is not a plain value")
        self.value = value


def encode(value: Any) -> Any:
    """Returns `value` as a JSON document.

    Raises:
        NotPlain: It, or something in it, is of no plain type. Subclasses of plain types are not plain.
        RecursionError: It is nested too deeply, or contains itself.
    """
    kind = type(value)
    encoder = ENCODERS.get(kind)
    if encoder is None:
        encoder = _lazy_encoder(kind)
        if encoder is None:
            raise NotPlain(value)
    return encoder(value)


def decode(document: Any) -> Any:
    """Returns the value of a document that `encode` made.

    Raises:
        ValueError: It holds a ``$`` tag that this release does not know.
    """
    if type(document) is list:
        return [decode(item) if type(item) in _NESTING else item for item in document]
    if type(document) is dict:
        if len(document) == 1:
            ((tag, content),) = document.items()
            if tag[:1] == "$":
                decoder = _DECODERS.get(tag)
                if decoder is None:
                    raise ValueError(f"unknown tag {tag!r} in typed JSON")
                return decoder(content)
        return {key: decode(item) if type(item) in _NESTING else item for key, item in document.items()}
    return document


def dumps(document: Any) -> str:
    """Returns the one text of a document: keys sorted, no spaces, ASCII. Fingerprints are its hash."""
    return _canonical.encode(document)


# `encode` refuses what contains itself, so that need not be looked for again.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False)
_NESTING = (list, dict)


def is_plain_key(key: Any) -> bool:
    """Whether a key of a dict can be a key of a JSON object as it is."""
    return type(key) is str and key[:1] != "$" and _str(key) is key


def _str(value: str) -> Any:
    if value.isascii() or _SURROGATE_PAIR.search(value) is None:
        return value
    return {"$str": value.encode("utf-8", "surrogatepass").hex()}


def _read_str(content: str) -> str:
    return bytes.fromhex(content).decode("utf-8", "surrogatepass")


def _int(value: int) -> Any:
    return value if -_SAFE_INT <= value < _SAFE_INT else {"$int": hex(value)}


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _items(value: Any) -> list[Any]:
    """Encodes the items of a sequence; long runs of one simple type are passed through at C speed."""
    kinds = set(map(type, value))
    if kinds <= {bool, _NONE} or (kinds == {str} and all(map(str.isascii, value))):
        return list(value)
    if kinds == {float} and all(map(math.isfinite, value)):
        return list(value)
    if kinds == {int} and min(value) >= -_SAFE_INT and max(value) < _SAFE_INT:
        return list(value)
    return [encode(item) for item in value]


def _dict(value: dict[Any, Any]) -> Any:
    if all(map(is_plain_key, value)):
        return {key: encode(item) for key, item in value.items()}
    return {"$dict": [[encode(key), encode(item)] for key, item in value.items()]}


def _set(tag: str) -> Encoder:
    return lambda value: {tag: sorted((encode(item) for item in value), key=dumps)}


def _datetime(value: dt.datetime) -> Any:
    zone = _zone(value.tzinfo, value)
    return {"$datetime": [value.replace(tzinfo=None).isoformat(), value.fold, zone]}


def _time(value: dt.time) -> Any:
    return {"$time": [value.replace(tzinfo=None).isoformat(), value.fold, _zone(value.tzinfo, value)]}


def _zone(zone: dt.tzinfo | None, value: object) -> Any:
    """A time zone as None, seconds from UTC with the zone's name, or an IANA key."""
    if zone is None:
        return None
    if type(zone) is dt.timezone:
        delta = zone.utcoffset(None)
        given = zone.tzname(None)
        seconds = delta.total_seconds()
        return [seconds] if given == dt.timezone(delta).tzname(None) else [seconds, given]
    key = getattr(zone, "key", None)
    if _qualified_name(type(zone)) == "zoneinfo.ZoneInfo" and key is not None:
        return key
    raise NotPlain(value)


def _read_zone(document: Any) -> dt.tzinfo | None:
    if document is None:
        return None
    if isinstance(document, str):
        from zoneinfo import ZoneInfo

        return ZoneInfo(document)
    delta = dt.timedelta(seconds=document[0])
    if len(document) == 2:
        return dt.timezone(delta, document[1])
    return dt.UTC if not delta else dt.timezone(delta)


def _read_datetime(content: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(content[0]).replace(fold=content[1], tzinfo=_read_zone(content[2]))


def _read_time(content: Any) -> dt.time:
    return dt.time.fromisoformat(content[0]).replace(fold=content[1], tzinfo=_read_zone(content[2]))


def _bytes(value: bytes) -> Any:
    import base64

    return {"$bytes": base64.b64encode(value).decode()}


def _read_bytes(content: str) -> bytes:
    import base64

    return base64.b64decode(content)


def _uuid(content: str) -> Any:
    import uuid

    return uuid.UUID(content)


def _numpy_scalar(value: Any) -> Any:
    """NumPy's own scalars that a Python value holds exactly, with the name of their type."""
    import numpy as np

    kind, name = value.dtype.kind, value.dtype.name
    is_exact = kind in "biu" or (kind == "f" and value.dtype.itemsize <= 8)
    if is_exact and np.dtype(name).type is type(value):  # longlong, say, has the name of its twin int64
        return {"$numpy": [name, encode(value.item())]}
    if kind in "mM":
        return {"$numpy": [value.dtype.str, int(value.view("i8"))]}
    raise NotPlain(value)


def _read_numpy(content: Any) -> Any:
    import numpy as np

    dtype = np.dtype(content[0])
    if dtype.kind in "mM":
        return np.int64(content[1]).view(dtype)
    return dtype.type(decode(content[1]))


ENCODERS: dict[type, Encoder] = {
    _NONE: lambda value: value,
    bool: lambda value: value,
    str: _str,
    int: _int,
    float: _float,
    list: _items,
    tuple: lambda value: {"$tuple": _items(value)},
    dict: _dict,
    set: _set("$set"),
    frozenset: _set("$frozenset"),
    bytes: _bytes,
    complex: lambda value: {"$complex": [_float(value.real), _float(value.imag)]},
    dt.date: lambda value: {"$date": value.isoformat()},
    dt.datetime: _datetime,
    dt.time: _time,
    dt.timedelta: lambda value: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    Decimal: lambda value: {"$decimal": str(value)},
}

_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$str": _read_str,
    "$int": lambda content: int(content, 16),
    "$float": float,
    "$tuple": lambda content: tuple(decode(content)),
    "$dict": lambda content: {decode(key): decode(item) for key, item in content},
    "$set": lambda content: set(decode(content)),
    "$frozenset": lambda content: frozenset(decode(content)),
    "$bytes": _read_bytes,
    "$complex": lambda content: complex(decode(content[0]), decode(content[1])),
    "$date": dt.date.fromisoformat,
    "$datetime": _read_datetime,
    "$time": _read_time,
    "$timedelta": lambda content: dt.timedelta(*content),
    "$decimal": Decimal,
    "$uuid": _uuid,
    "$numpy": _read_numpy,
}


def _qualified_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _lazy_encoder(kind: type) -> Encoder | None:
    """Encoders of types whose modules core does not import; they are told by name."""
    if _qualified_name(kind) == "uuid.UUID":
        return lambda value: {"$uuid": str(value)}
    if kind.__module__ == "numpy" and any(_qualified_name(base) == "numpy.generic" for base in kind.__mro__):
        return _numpy_scalar
    return None


def in_order(items: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Returns a dict's items in an order that its keys alone decide: names don't depend on a dict's order."""
    return sorted(items, key=lambda item: _order(item[0]))


def _order(key: Any) -> str:
    try:
        return dumps(encode(key))
    except NotPlain:  # an enum's member
        return repr(key)
