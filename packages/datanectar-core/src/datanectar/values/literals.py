"""Typed JSON as people write it in Python, on one line and not too long: what a manifest records of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from datanectar.values import typed_json

_MOST_ITEMS = 20
_LONGEST = 200

Label = Callable[[str], str]


def label_of(names: Iterable[str]) -> Label:
    """Returns what tells people a fingerprint: the task and the first letters, as in ``flowers 7qpjt6nu``.

    Args:
        names: Names of artifacts, such as the inputs of one; other fingerprints are letters only.
    """
    known = list(names)

    def label(fingerprint: str) -> str:
        name = next((name for name in known if fingerprint in name), "")
        task = name.partition(fingerprint)[0].rstrip("/._-").rpartition("/")[2]
        return f"{task or 'artifact'} {fingerprint[:8]}"

    return label


def literal(document: Any, label: Label | None = None, longest: int = _LONGEST) -> str:
    """Returns the text of an identity's parameter, such as ``(1, date(2013, 1, 31), <flowers 7qpjt6nu>)``.

    Args:
        document: Typed JSON, with artifacts, files, enum members and dataclasses as identities have them.
        label: Gives the words for an artifact's fingerprint; see `label_of`.
        longest: Characters after which the text is cut.
    """
    text = _write(document, label or label_of(()))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _write(document: Any, label: Label) -> str:
    if type(document) is list:
        return f"[{_items(document, label)}]"
    if type(document) is not dict:
        return repr(document)
    if "$artifact" in document:
        part = "".join(f"[{_write(key, label)}]" for key in document.get("part", ()))
        return f"<{label(document['$artifact'])}>{part}"
    tag, content = next(iter(document.items()), ("", None))
    if tag[:1] == "$":
        return _write_tagged(tag, content, label)
    return f"{{{_pairs(document.items(), label, repr)}}}"


def _write_tagged(tag: str, content: Any, label: Label) -> str:
    if tag == "$tuple":
        return f"({_items(content, label)}{',' * (len(content) == 1)})"
    if tag in ("$set", "$frozenset"):
        braced = f"{{{_items(content, label)}}}" if content else ""
        return f"{tag[1:]}({braced})" if tag == "$frozenset" or not content else braced
    if tag == "$dict":
        return f"{{{_pairs(content, label, lambda key: _write(key, label))}}}"
    if tag == "$enum":
        return f"{content[0]}.{content[1]}"
    if tag == "$dataclass":
        return f"{content[0]}({', '.join(f'{name}={_write(value, label)}' for name, value in content[1].items())})"
    if tag == "$file":
        return f"<file {content[:12]}…>"
    if tag == "$secret":
        return "Secret(***)"
    if tag == "$numpy":  # decoding it would import NumPy
        return f"{content[0]}({_write(content[1], label)})"
    try:
        return repr(typed_json.decode({tag: content})).replace("datetime.", "")
    except ValueError:  # of a later release
        return typed_json.dumps({tag: content})


def _items(items: list[Any], label: Label) -> str:
    return ", ".join([*(_write(item, label) for item in items[:_MOST_ITEMS]), *_rest(len(items))])


def _pairs(pairs: Iterable[Any], label: Label, key_text: Callable[[Any], str]) -> str:
    listed = list(pairs)
    shown = [f"{key_text(key)}: {_write(value, label)}" for key, value in listed[:_MOST_ITEMS]]
    return ", ".join([*shown, *_rest(len(listed))])


def _rest(count: int) -> list[str]:
    return [f"… {count - _MOST_ITEMS} more"] * (count > _MOST_ITEMS)
