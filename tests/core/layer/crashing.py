"""Kills a process that publishes at each of its steps in turn, and looks at what is left; run by test_crashes.

Prints one line of JSON: how many steps were tried, how many left the artifact whole, absent or otherwise, how many
plain new runs failed, and how many files have no name that a reader would see.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import datanectar as dn
from datanectar.errors import DatanectarError
from datanectar.storages import local

BIG = bytes(range(256)) * 500
VALUE = {"a": BIG, "b": ("text" * 30_000, [1, 2, 3]), "c": BIG[1:]}
STEPS = ("open", "write", "fsync", "link", "mkdir", "unlink", "close", "read")


def publish(url: str, name: str) -> None:
    layer = dn.storage_layer(url)
    layer.store(name, VALUE)
    layer.alias(name, "latest")


def kill_at(step: int) -> None:
    """Arranges for this process to be killed at its n-th call to the system: before it, or half way through a write."""
    left = [step]

    def count(real, writes):
        def call(*args, **options):
            left[0] -= 1
            if left[0] == 0:
                if writes:
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **options)

        return call

    for name in STEPS:
        setattr(os, name, count(getattr(os, name), name == "write"))
    local.CheckedFile.write = count(local.CheckedFile.write, True)


def run_and_kill(url: str, name: str, step: int) -> bool:
    """Returns whether the process lived through it: there were no more steps."""
    child = os.fork()
    if child == 0:
        kill_at(step)
        publish(url, name)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.waitstatus_to_exitcode(status) == 0
    return True


def main() -> None:
    root, kind = sys.argv[1:]
    if kind == "temporary":
        local._O_TMPFILE = None
    os.fsync = lambda descriptor: None  # a step as any other, but the kernel outlives a killed process anyway
    counts = dict.fromkeys(("steps", "whole", "absent", "wrong", "stuck", "temporary"), 0)
    finished = False
    while not finished:
        step = counts["steps"] = counts["steps"] + 1
        url, name = f"file://{root}/{step}", "t/f/x/one"
        finished = run_and_kill(url, name, step)
        layer = dn.storage_layer(url)
        if not layer.exists(name):
            counts["absent"] += 1
        elif layer.load(name) == VALUE:
            counts["whole"] += 1
        else:
            counts["wrong"] += 1
        try:
            publish(url, name)
            counts["stuck"] += layer.load(layer.resolve("t/f/x@latest")) != VALUE
        except DatanectarError as error:
            print(step, error, file=sys.stderr)
            counts["stuck"] += 1
        counts["temporary"] += sum(path.is_file() for path in Path(root, str(step)).rglob(".*"))
        shutil.rmtree(f"{root}/{step}")
    print(json.dumps(counts))


if __name__ == "__main__":
    with dn.settings():
        main()
