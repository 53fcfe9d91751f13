"""Classes whose objects are bound to this process: no pickle holds them, unless a class below says how."""

from __future__ import annotations

import copyreg

from datanectar.values.classes import below

#: By name, since most of them are in modules that this process may not have imported.
_BOUND = {
    *("builtins.generator", "builtins.coroutine", "builtins.async_generator"),
    *("collections.abc.Generator", "collections.abc.Coroutine", "collections.abc.AsyncGenerator"),
    *("builtins.module", "builtins.frame", "builtins.traceback", "builtins.memoryview", "builtins.mappingproxy"),
    *("builtins.dict_keys", "builtins.dict_values", "builtins.dict_items"),
    *("_io.FileIO", "_io.BufferedReader", "_io.BufferedWriter", "_io.BufferedRandom", "_io.TextIOWrapper"),
    *("_thread.lock", "_thread.RLock", "threading.Thread", "threading.Condition", "threading.Event"),
    *("threading.Semaphore", "threading.Barrier", "queue.Queue", "concurrent.futures._base.Future"),
    *("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor"),
    *("socket.socket", "_socket.socket", "subprocess.Popen", "mmap.mmap", "sqlite3.Connection", "sqlite3.Cursor"),
    *("weakref.ReferenceType"),
}
_WAYS_OUT = {"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}


def is_bound(kind: type) -> bool:
    """Whether no object of this class, or of any class below it that is loaded, can be pickled."""
    return _is_bound(kind) and all(map(_is_bound, below(kind)))


def _is_bound(kind: type) -> bool:
    for base in kind.__mro__:
        if f"{base.__module__}.{base.__qualname__}" in _BOUND:
            return True
        if base in copyreg.dispatch_table or _WAYS_OUT & set(vars(base)):
            return False
    return False
