"""Builds functions with Luigi, in a process that starts others in a given way, and tells which values came of it."""

from __future__ import annotations

import json
import multiprocessing
import sys

import luigi
import pipeline_a

import datanectar as dn


def main(start_method: str, parallel_scheduling: bool) -> None:
    multiprocessing.set_start_method(start_method)
    tasks = pipeline_a.tasks()
    done = luigi.build(
        list(tasks.values()),
        local_scheduler=True,
        workers=2,
        parallel_scheduling=parallel_scheduling,
        log_level="WARNING",
    )
    names = {way: dn.get_artifact_name(task) for way, task in tasks.items()}
    wrong = [way for way, task in tasks.items() if dn.artifact(task).load() != pipeline_a.VALUES[way]]
    print(json.dumps({"done": done, "names": names, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "parallel")
