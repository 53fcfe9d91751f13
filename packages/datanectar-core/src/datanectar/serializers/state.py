"""Whether two objects have the same state, as far as pickle would tell."""

from __future__ import annotations

import copyreg
import math
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

_BY_EQUALITY = (type(None), bool, int, str, bytes, complex, range, type(...))
_BY_IDENTITY = (type, FunctionType, BuiltinFunctionType)


def same_state(got: Any, expected: Any) -> bool:
    """Whether two objects are of the same types all the way down, and equal where they are plain or arrays.

    An array that lies in order must do so in both; a view that does not may come back in order.
    """
    return _Comparison().same(got, expected)


class _Comparison:
    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], tuple[Any, Any]] = {}

    def same(self, one: Any, other: Any) -> bool:
        if one is other:
            return True
        if type(one) is not type(other) or isinstance(one, _BY_IDENTITY):
            return False
        if isinstance(one, _BY_EQUALITY):
            return bool(one == other)
        if isinstance(one, float):
            return (one == other and math.copysign(1, one) == math.copysign(1, other)) or (
                one != one and other != other
            )
        if (id(one), id(other)) in self._seen:  # compared already, or being compared further up
            return True
        self._seen[id(one), id(other)] = one, other  # kept alive, so that no other object gets their ids
        if type(one) in (list, tuple):
            return len(one) == len(other) and all(map(self.same, one, other))
        if type(one) is dict:
            return self.same(list(one.items()), list(other.items()))
        if type(one) in (set, frozenset):
            return bool(one == other)
        if isinstance(one, MethodType):
            return one.__func__ is other.__func__ and self.same(one.__self__, other.__self__)
        if f"{type(one).__module__}.{type(one).__qualname__}" == "numpy.ndarray":
            return self._same_array(one, other)
        return self._same_reduction(one, other)

    def _same_array(self, one: Any, other: Any) -> bool:
        if one.dtype != other.dtype or one.shape != other.shape or _order(other) - _order(one):
            return False
        return self.same(one.tolist(), other.tolist()) if one.dtype.hasobject else one.tobytes() == other.tobytes()

    def _same_reduction(self, one: Any, other: Any) -> bool:
        """Compares what pickle would be told of them."""
        reduced, others = _reduced(one), _reduced(other)
        if isinstance(reduced, str) or isinstance(others, str):
            return bool(reduced == others)
        return self.same(list(map(_listed, reduced)), list(map(_listed, others)))


def _reduced(value: Any) -> Any:
    registered = copyreg.dispatch_table.get(type(value))
    return registered(value) if registered else value.__reduce_ex__(4)


def _order(array: Any) -> set[str]:
    return {order for order in ("c_contiguous", "f_contiguous") if array.flags[order.upper()]}


def _listed(member: Any) -> Any:
    return list(member) if hasattr(member, "__next__") else member
