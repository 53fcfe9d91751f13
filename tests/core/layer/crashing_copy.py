"""Kills a process that copies a store at each of its steps in turn, and looks at what is left; run by test_crashes.

Prints one line of JSON: how many steps were tried; after how many kills there were some artifacts, but not all; after
how many a reader saw one that is not whole; and how many plain new copies did not end as one that nobody killed does.
"""

import json
import os
import shutil
import signal
import sys

from crashing import BIG, kill_at

import datanectar as dn
from datanectar.errors import DatanectarError
from datanectar.layer.copying.aliases import aliases_of, copy_aliases
from datanectar.layer.copying.artifacts import copy_artifacts

VALUES = {"t/f/x/one": {"a": BIG, "b": BIG[1:]}, "t/f/y/two": 3}


class Silent:
    def planned(self, inventory): ...
    def moved(self, count): ...
    def finished(self, outcome): ...
    def close(self): ...


def copy(source: str, target: str) -> None:
    with dn.settings():  # which has layers of its own, that know nothing of an earlier store here
        copy_all(source, target)


def copy_all(source: str, target: str) -> None:
    layers = dn.storage_layer(source), dn.storage_layer(target)
    aliases = aliases_of(layers[0], None)
    outcomes = copy_artifacts(*layers, None, Silent(), jobs=1)
    assert {outcome.status for outcome in outcomes} <= {"copied", "present"}
    list(copy_aliases(aliases, layers[1], VALUES, move=False))


def content(url: str) -> dict[str, bytes]:
    backend = dn.storage_layer(url).backend
    return {info.key: backend.read(info.key) for info in backend.list("")}


def copy_and_kill(source: str, target: str, step: int) -> bool:
    """Returns whether the process lived through it: there were no more steps."""
    child = os.fork()
    if child == 0:
        kill_at(step)
        copy(source, target)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(status) == 0
    return True


def main() -> None:
    (root,) = sys.argv[1:]
    source, target, whole = (f"file://{root}/{place}" for place in ("source", "target", "whole"))
    layer = dn.storage_layer(source)
    for name, value in VALUES.items():
        layer.store(name, value)
    layer.alias("t/f/x/one", "champion")
    layer.backend.write("logs/t/f/x/one/failed.log", b"no luck")
    os.fsync = lambda descriptor: None  # a step as any other, but the kernel outlives a killed process anyway
    copy(source, whole)
    expected = content(whole)
    counts = dict.fromkeys(("steps", "some", "wrong", "stuck"), 0)
    finished = False
    while not finished:
        step = counts["steps"] = counts["steps"] + 1
        finished = copy_and_kill(source, target, step)
        layer = dn.storage_layer(target)
        there = list(layer.list())
        counts["some"] += 0 < len(there) < len(VALUES)
        counts["wrong"] += any(layer.load(name) != VALUES[name] for name in there)
        try:
            copy(source, target)
            counts["stuck"] += {key: data for key, data in content(target).items() if "probes/" not in key} != expected
        except (DatanectarError, AssertionError) as error:
            print(step, repr(error), file=sys.stderr)
            counts["stuck"] += 1
        shutil.rmtree(f"{root}/target")
    print(json.dumps(counts))


if __name__ == "__main__":
    with dn.settings():
        main()
