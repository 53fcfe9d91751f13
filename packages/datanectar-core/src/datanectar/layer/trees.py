"""The tree of files that a value is: a manifest's ``value``.

A value is one file, or dicts, tuples and lists whose leaves are files::

    {"file": 0, "serializer": "json"}
    {"dict": [["train", {"file": 0, "serializer": "pandas-parquet"}], ["rows", {"file": 1, "serializer": "json"}]]}
    {"tuple": [{…}, {…}]}

A path is its last name and what stood there: a file's number, or a directory's names with what stands under each::

    {"path": "report.html", "content": 0}
    {"path": "plots", "content": [["by day.png", 0], ["empty", []], ["by month", [["january.png", 1]]]]}
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from datanectar.values import typed_json


def files_of(node: dict[str, Any]) -> Iterator[int]:
    """Yields the number of each file in a tree."""
    if "path" in node:
        yield from (number for _, number in files_below(node["content"]))
    if "file" in node:
        yield node["file"]
    for item in node.get("tuple", node.get("list", [])):
        yield from files_of(item)
    for _, item in node.get("dict", []):
        yield from files_of(item)


def files_below(content: Any, place: str = "") -> Iterator[tuple[str, int]]:
    """Yields where each file in a path's content stands, below `place`, and its number."""
    if type(content) is int:
        yield place, content
    else:
        for name, inner in content:
            yield from files_below(inner, f"{place}/{name}")


def descend(node: dict[str, Any], part: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Follows a part's keys down the tree as far as it goes; returns the node and the keys that are left."""
    for depth, key in enumerate(part):
        below = _child(node, key)
        if below is None:
            return node, part[depth:]
        node = below
    return node, ()


def _child(node: dict[str, Any], key: Any) -> dict[str, Any] | None:
    if "dict" in node:
        label = typed_json.dumps(typed_json.encode(key))
        return next((item for known, item in node["dict"] if typed_json.dumps(known) == label), None)
    items = node.get("tuple", node.get("list"))
    return items[key] if items is not None and type(key) is int and -len(items) <= key < len(items) else None


def is_tree(node: Any, files: int) -> bool:
    """Whether this, read from a manifest of so many files, is a tree of them."""
    if not isinstance(node, dict):
        return False
    if "path" in node:
        return is_name(node["path"]) and _is_content(node.get("content"), files)
    if "file" in node:
        return is_number(node["file"], files) and isinstance(node.get("serializer"), str)
    if "dict" in node:
        pairs = node["dict"]
        return isinstance(pairs, list) and all(
            _is_pair(pair) and _is_label(pair[0]) and is_tree(pair[1], files) for pair in pairs
        )
    items = node.get("tuple", node.get("list"))
    return isinstance(items, list) and all(is_tree(item, files) for item in items)


def _is_label(label: Any) -> bool:
    try:
        typed_json.decode(label)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return False
    return True


def _is_content(content: Any, files: int) -> bool:
    if not isinstance(content, list):
        return is_number(content, files)
    return all(_is_pair(pair) and is_name(pair[0]) and _is_content(pair[1], files) for pair in content)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2


def is_name(name: Any) -> bool:
    """Whether a file of this name stands in its directory, and nowhere else, on this platform."""
    return isinstance(name, str) and name not in ("", ".", "..") and "\0" not in name and os.path.basename(name) == name


def is_number(number: Any, files: int) -> bool:
    """Whether there is a file of this number among so many."""
    return type(number) is int and 0 <= number < files
