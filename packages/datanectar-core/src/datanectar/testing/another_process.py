"""A process that lives as long as the tests, hashes otherwise, and is told of the surroundings with each call."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, TypeVar

from datanectar.testing.surroundings import Surroundings

Result = TypeVar("Result")


def elsewhere(function: Callable[..., Result], *arguments: Any) -> Result:
    """Calls a function of an importable module in another process, which has another hash seed.

    Raises:
        AssertionError: An argument cannot be sent there, or the process died.
    """
    try:
        call = pickle.dumps((function, arguments))
    except Exception as error:
        msg = (
            f"{arguments[0]!r} cannot be pickled ({error}), so no other process can be given it. Define what is tested "
            "in a module that can be imported, and name it in the record as 'module:attribute'"
        )
        raise AssertionError(msg) from error
    try:
        result: Result = _process().submit(_call, Surroundings.here(), call).result()
    except BrokenProcessPool as error:
        _process.cache_clear()
        raise AssertionError(f"the other process died in {function.__name__}: a crash in compiled code?") from error
    return result


@cache
def _process() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = "2" if before == "1" else "1"
    try:
        pool.submit(os.getpid).result()  # it starts now, and takes the seed along
    finally:
        del os.environ["PYTHONHASHSEED"]
        if before is not None:
            os.environ["PYTHONHASHSEED"] = before
    return pool


def _call(around: Surroundings, call: bytes) -> Any:
    around.adopt()
    function, arguments = pickle.loads(call)
    return function(*arguments)
