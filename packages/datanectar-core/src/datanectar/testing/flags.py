"""Flags of a kit: what a component cannot do by nature takes the tests that ask for it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])
_FLAG = "_conformance_flag"


def only_if(flag: str) -> Callable[[Test], Test]:
    """Marks a test that is there only where the class attribute `flag` of the kit is true."""

    def mark(test: Test) -> Test:
        setattr(test, _FLAG, flag)
        return test

    return mark


class Conformance:
    """The base of the kits. A test whose flag is off is not there, rather than skipped."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in dir(cls):
            flag = getattr(getattr(cls, name), _FLAG, None)
            if flag is not None and not getattr(cls, flag):
                setattr(cls, name, None)
