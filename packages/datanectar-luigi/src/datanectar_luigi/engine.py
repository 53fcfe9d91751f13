"""Luigi as it is configured: its scheduler, local or central, and the workers of one run."""

from __future__ import annotations

import multiprocessing
import socket
from typing import Any
from urllib.parse import urlsplit

import luigi
from luigi import configuration
from luigi.interface import core
from luigi.rpc import RemoteScheduler
from luigi.scheduler import Scheduler
from luigi.worker import Worker

from datanectar_luigi.options import LuigiOptions
from datanectar_luigi.runner import Hindrances
from datanectar_luigi.steps import Step, step_task
from datanectar_luigi.wave_folder import WaveFolder

_SECONDS_TO_ANSWER = 10
#: What in luigi.cfg says that there is a central scheduler.
_SCHEDULER_KEYS = ("scheduler_url", "scheduler_host", "default-scheduler-url", "default-scheduler-host")


class Engine:
    """Runs waves with Luigi.

    All its workers have one name at a central scheduler, also when the process in which it runs is another.
    """

    def __init__(self, options: LuigiOptions, workers: int | None, run: str) -> None:
        multiprocessing.set_start_method(options.start_method, force=True)
        self._scheduler: Any = None
        self._is_known = False
        self._worker_id = f"datanectar-{run}@{socket.gethostname()}"
        self._url = _central(options)
        self._environment: dict[str, Any] = {"scheduler_url": self._url} if self._url else {"local_scheduler": True}
        config = configuration.get_config()
        if not any(config.has_option("core", key) for key in ("log_level", "logging_conf_file")):
            self._environment["log_level"] = "CRITICAL"  # what goes wrong is told by the run itself
        if workers is not None:
            self._environment["workers"] = workers

    def run(self, wave: WaveFolder) -> Hindrances:
        """Has Luigi run a wave; returns why it left some of it undone, as far as that is not told of the steps."""
        if self._url:
            _check_answers(self._url)
        if not self._is_known:  # this process may take the place of one that was killed
            self.release()
            self._is_known = True
        wave.look_up()
        self._wave = wave
        tasks = [step_task(wave, group) for group in range(wave.groups)]
        luigi.build(tasks, worker_scheduler_factory=self, **self._environment)
        silent = wave.silent()
        left = [task for task in tasks if not silent.isdisjoint(task.numbers)]
        return self._hindrances(left) if left else Hindrances()

    def create_local_scheduler(self) -> Scheduler:
        """Makes the scheduler of one wave, as Luigi asks for it."""
        self._scheduler = Scheduler(prune_on_get_work=True, record_task_history=False)
        return self._scheduler

    def create_remote_scheduler(self, url: str) -> RemoteScheduler:
        """Makes the client of the central scheduler, as Luigi asks for it."""
        self._scheduler = RemoteScheduler(url)
        return self._scheduler

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Worker:
        """Makes the worker of one wave, as Luigi asks for it."""
        return _Worker(
            wave=self._wave,
            scheduler=scheduler,
            worker_id=self._worker_id,
            worker_processes=worker_processes,
            assistant=assistant,
            keep_alive=False,  # what failed is tried again by the run; Luigi would wait for a quarter of an hour
        )

    def _hindrances(self, left: list[Step]) -> Hindrances:
        disabled = self._scheduler.task_list("DISABLED", "")
        totals = {found["name"]: found["num_total"] for found in self._scheduler.resource_list()}
        reasons = {}
        for task in left:
            if task.task_id in disabled:
                reasons[task.artifact] = (
                    f"{self._url or 'Luigi'} has disabled it after failures; it is enabled again on that page, or "
                    "after [scheduler] disable_persist seconds"
                )
            for name, amount in task.resources.items():
                total = totals.get(name, 1)  # Luigi's own rule for what is not configured
                if amount > total:
                    reasons[task.artifact] = (
                        f"it needs {amount:g} of {name}, and Luigi has {total:g}: set [resources] {name} = {amount:g} "
                        f"in the luigi.cfg of {'luigid' if self._url else 'this project'}"
                    )
        return Hindrances(bool(self._url), reasons)

    def release(self) -> None:
        """Tells a central scheduler that what it believes to be running is not: it would have others wait a minute."""
        if not self._url:
            return
        scheduler = RemoteScheduler(self._url)
        for task_id, task in scheduler.task_list("RUNNING", "").items():
            if task.get("worker_running") == self._worker_id:
                scheduler.add_task(worker=self._worker_id, task_id=task_id, status="FAILED", expl="interrupted")


def _central(options: LuigiOptions) -> str:
    """Returns the URL of the central scheduler, or nothing where the local one is to be used."""
    if options.scheduler:
        return "" if options.scheduler == "local" else options.scheduler
    config = configuration.get_config()
    if core().local_scheduler or not any(config.has_option("core", key) for key in _SCHEDULER_KEYS):
        return ""
    return str(core().scheduler_url or f"http://{core().scheduler_host}:{core().scheduler_port}/")


class _Worker(Worker):
    """Trusts what was looked up before a wave until it runs: then another run may have made what was not there."""

    def __init__(self, *, wave: WaveFolder, **settings: Any) -> None:
        super().__init__(**settings)
        self._wave = wave

    def run(self) -> Any:
        self._wave.stored = None
        return super().run()


def _check_answers(url: str) -> None:
    """Asks before Luigi does, which would go on asking for a minute and more."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise ConnectionError(
            f"no luigid answers at {parts.scheme}://{parts.hostname}:{port} ({error}). Start one: datanectar serve "
            f"luigid, or luigid --address 127.0.0.1 --port {port}; or do "
            'without: scheduler = "local" in [orchestrators.luigi]'
        ) from error
