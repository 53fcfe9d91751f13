"""The process in which Luigi runs: it is given waves of steps, and ends with the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from datanectar_luigi.options import LuigiOptions

_LOOK_AROUND = 1.0  # seconds
_SECONDS_TO_ANSWER = 10
#: What in luigi.cfg says that there is a central scheduler.
_SCHEDULER_KEYS = ("scheduler_url", "scheduler_host", "default-scheduler-url", "default-scheduler-host")


def serve(orders: Connection, reports: Connection, options: LuigiOptions, workers: int, directory: str) -> None:
    """Runs the waves whose folders come through a pipe, until it is closed; says of each when Luigi is done with it."""
    _leave_the_terminal()
    _end_with_parent()
    _adopt_main()
    os.chdir(directory)
    if options.config:
        os.environ["LUIGI_CONFIG_PATH"] = str(Path(options.config).resolve())
    while True:
        try:
            folder = orders.recv()
        except (EOFError, OSError):  # the run is over
            return
        try:
            running = _run_wave(folder, reports, options, workers)
        except Exception as error:
            reports.send(("trouble", str(error), type(error).__name__))
        else:
            reports.send(("over", "", running))


def _run_wave(folder: str, reports: Connection, options: LuigiOptions, workers: int) -> list[str]:
    """Has Luigi run a wave; returns the artifacts of its steps that run elsewhere, for other runs."""
    import luigi

    from datanectar_luigi.steps import step_task
    from datanectar_luigi.wave_folder import open_wave

    multiprocessing.set_start_method(options.start_method, force=True)
    wave = open_wave(folder)
    wave.tell = lambda name: reports.send(("report", name, None))
    wave.look_up()
    tasks = [step_task(wave, group) for group in range(wave.groups)]
    factory = _Factory(force_multiprocessing=any(step.timeout for step in wave.steps))
    luigi.build(tasks, worker_scheduler_factory=factory, workers=workers, **_environment(options))
    wave.stored = None
    return factory.running_elsewhere(tasks)


def _environment(options: LuigiOptions) -> dict[str, Any]:
    from luigi import configuration

    config = configuration.get_config()
    found: dict[str, Any] = {}
    url = options.scheduler if "://" in options.scheduler else ""
    named = any(config.has_option("core", key) for key in _SCHEDULER_KEYS)
    if url:
        _check_answers(url)
        found["scheduler_url"] = url
    elif options.scheduler == "local" or not named:
        found["local_scheduler"] = True
    if not any(config.has_option("core", key) for key in ("log_level", "logging_conf_file")):
        found["log_level"] = "CRITICAL"  # what goes wrong is told by the run itself
    return found


def _check_answers(url: str) -> None:
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/api/is_paused", timeout=_SECONDS_TO_ANSWER):
            return
    except (OSError, urllib.error.URLError) as error:
        raise ConnectionError(f"no luigid answers at {url} ({error}); start one: luigid --address 127.0.0.1") from error


class _Factory:
    """Makes what `luigi.build` works with, and remembers it."""

    def __init__(self, *, force_multiprocessing: bool) -> None:
        self._options = {"force_multiprocessing": True} if force_multiprocessing else {}
        self._scheduler: Any = None

    def create_local_scheduler(self) -> Any:
        from luigi.scheduler import Scheduler

        return Scheduler(prune_on_get_work=True, record_task_history=False)

    def create_remote_scheduler(self, url: str) -> Any:
        from luigi.rpc import RemoteScheduler

        self._scheduler = RemoteScheduler(url)
        return self._scheduler

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Any:
        from luigi.worker import Worker

        return Worker(scheduler=scheduler, worker_processes=worker_processes, assistant=assistant, **self._options)

    def running_elsewhere(self, tasks: list[Any]) -> list[str]:
        """The artifacts of tasks that a central scheduler has given to workers of other runs."""
        if self._scheduler is None:
            return []
        running = self._scheduler.task_list("RUNNING", "")
        return [task.artifact for task in tasks if task.task_id in running]


def _leave_the_terminal() -> None:
    """Ctrl-C is for the process that started the run: it ends this one and, as a group, all that this one starts."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until a worker of Luigi listens, which may be configured not to


def _end_with_parent() -> None:
    """A run that was killed leaves nothing behind."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        while not wait([parent.sentinel], _LOOK_AROUND) and os.getppid() == parent.pid:
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="datanectar-parent-watch", daemon=True).start()


def _adopt_main() -> None:
    """Gives what a script defines the module it has there: a pickle that says ``__mp_main__`` loads nowhere else."""
    for value in list(vars(sys.modules["__main__"]).values()):
        if getattr(value, "__module__", None) == "__mp_main__":
            try:
                value.__module__ = "__main__"
            except (AttributeError, TypeError):  # not its own to set
                pass
