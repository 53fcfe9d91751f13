"""The levels of a pandas MultiIndex that its labels do not tell: in an order of their own, or not all of them used.

What is unstacked or grouped is in the order of the levels.
"""

from __future__ import annotations

from typing import Any

from datanectar.values import typed_json

#: A level that would make a longer note is left to pickle.
_MOST_LABELS = 10_000


def describe_levels(axis: Any) -> list[Any]:
    """Returns what is to be noted of each level of an axis, None where its labels tell, as plain JSON.

    Raises:
        Exception: A level is too long or of no plain labels.
    """
    if axis.nlevels == 1:
        return [None]
    return [None if _is_told(axis, number) else _describe(level) for number, level in enumerate(axis.levels)]


def restore_levels(axis: Any, notes: list[Any]) -> Any:
    """Returns an axis with the levels that were noted."""
    import pandas as pd

    levels, codes = list(axis.levels), list(axis.codes)
    for number, note in enumerate(notes):
        if note is not None:
            levels[number] = (
                pd.RangeIndex(*note["range"])
                if "range" in note
                else pd.Index(typed_json.decode(note["labels"]), dtype=note["dtype"])
            )
            codes[number] = levels[number].get_indexer(axis.get_level_values(number))
    return pd.MultiIndex(levels, codes, names=axis.names)


def _describe(level: Any) -> dict[str, Any]:
    import pandas as pd

    if isinstance(level, pd.RangeIndex):
        return {"range": [level.start, level.stop, level.step]}
    if len(level) > _MOST_LABELS or not level.is_unique or level.hasnans or level.dtype == "category":
        raise ValueError("this level cannot be noted")
    return {"labels": typed_json.encode(list(level)), "dtype": str(level.dtype)}


def _is_told(axis: Any, number: int) -> bool:
    """Whether a level is the one that pandas makes of the labels: sorted, and each of its items used."""
    import numpy as np
    import pandas as pd

    level, codes = axis.levels[number], axis.codes[number]
    if isinstance(level, pd.RangeIndex):  # it would come back as an Index of numbers
        return False
    is_used = np.bincount(codes[codes >= 0], minlength=len(level)).all()
    is_whole = len(getattr(level, "categories", level)) == len(level)  # else a category has no place in the level
    is_sorted = level.is_unique and level.is_monotonic_increasing and not level.hasnans
    return bool(is_used and is_whole and is_sorted and level.dtype == axis.get_level_values(number).dtype)
