"""Tasks that end in every way a process can, in a module that worker processes can import."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import datanectar as dn


@dn.task
def number(n: int) -> int:
    return n


@dn.task
def total(xs: list[int]) -> int:
    return sum(xs)


@dn.task
def process_id(n: int) -> int:
    return os.getpid()


@dn.task
def ends(how: str) -> int:
    print("about to end", end="")
    end(how)
    return 1


def end(how: str) -> None:
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
        threading.Event().wait()
    if how == "segfault":
        ctypes.string_at(0)
    if how == "abort":
        os.abort()
    if how == "_exit":
        os._exit(3)
    if how == "exit":
        sys.exit(4)
    if how == "raise":
        raise ValueError("no luck")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "out of memory":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(1 << 34)


@dn.task(retries=1)
def dies_once(folder: str) -> str:
    """Dies at its first attempt; the second finds the mark of the first."""
    mark = Path(folder, "tried")
    if not mark.exists():
        mark.touch()
        print("the first attempt")
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


@dn.task(timeout=0.2)
def never_ends(pipe: str) -> int:
    """Says that it runs, and has a child; whoever reads the pipe to its end knows that both are gone."""
    print("waiting")
    descriptor = os.open(pipe, os.O_WRONLY)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=[descriptor])
    os.write(descriptor, b"running\n")
    threading.Event().wait()
    return 1


@dn.task(timeout=0.2)
def crashes_when_its_time_is_up(n: int) -> int:
    """As a busy process may, when it is to say where it is."""
    while not os.fstat(2).st_size:
        pass
    os.kill(os.getpid(), signal.SIGSEGV)
    return n


@dn.task
def waits(pipe: str) -> int:
    """As `never_ends`, without a timeout."""
    return never_ends.fn(pipe)


@dn.task
def forks_and_dies(pipe: str) -> int:
    """Its child holds open whatever the process had open."""
    descriptor = os.open(pipe, os.O_WRONLY)
    os.write(descriptor, b"running\n")
    if os.fork() == 0:
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


@dn.task
def talks_in_every_way(n: int) -> int:
    print("from Python")
    ctypes.CDLL(None).printf(b"from C %d\n", ctypes.c_int(n))
    subprocess.run(["echo", "from a subprocess"], check=True)
    os.write(2, b"below everything\n")
    return n


@dn.task
def leaves_a_mess(n: int) -> int:
    os.chdir("/")
    sys.stdout.close()
    return n


@dn.task
def where(after: int) -> str:
    print("printing")
    return os.getcwd()


@dn.task
def loud(megabytes: int) -> int:
    line = "x" * 1023
    for _ in range(megabytes << 10):
        print(line)
    return megabytes


@dn.task
def two(n: int) -> int:
    print("the log of", n)
    return n


class Scaled(dn.NectarTask):
    values: list[int]
    factor: int = 1

    def run(self) -> list[int]:
        return [self.factor * value for value in self.inputs.get("values", self.values)]
