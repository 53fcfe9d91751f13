"""The decorator as type checkers should see it; at run time `task` is the class `Task`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from datanectar.tasks.handle import Artifact

R = TypeVar("R")
C = TypeVar("C", bound=type)


class FunctionTask(Protocol[R]):
    """A decorated function. Arguments may be values or artifacts of them, so their types are not checked here."""

    fn: Callable[..., R]

    def __call__(self, *args: Any, **kwargs: Any) -> Artifact[R]: ...


class Decorator(Protocol):
    """What ``task(…)`` with options returns."""

    @overload
    def __call__(self, fn: C) -> C: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, fn: Callable[..., R]) -> FunctionTask[R]: ...


@overload
def task(fn: C) -> C: ...  # type: ignore[overload-overlap]
@overload
def task(fn: Callable[..., R]) -> FunctionTask[R]: ...
@overload
def task(
    fn: None = None,
    *,
    task_type: str | None = None,
    model_family: str | None = None,
    storage_layer: Any = None,
    name: str | None = None,
    version: str | None = None,
    ignore: Iterable[str] = (),
    serializer: str | None = None,
    retries: int = 0,
    timeout: float | None = None,
    resources: Mapping[str, float] | None = None,
) -> Decorator: ...
def task(fn: Any = None, **options: Any) -> Any:
    """Makes a task of a function or class; see `datanectar.tasks.function.Task`."""
    raise AssertionError("only type checkers come here")
