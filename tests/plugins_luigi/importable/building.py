"""Builds all forms with Luigi, in a process that starts others in a given way, and tells what came of them."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import sys

import forms
import luigi

import datanectar as dn


def all_forms(x: int) -> dict[str, luigi.Task]:
    """One task of each form; all make ten times x."""
    return {
        "decorated": forms.Decorated(x=x),
        "composed": forms.Composed(x=x),
        "composed, elsewhere": forms.Composed(x=x, task_type="other", storage_layer="lake"),
        "constructed": forms.Constructed(x=x),
        "constructed, elsewhere": forms.Bare(x=x, task_type="train", model_type="tree", storage_layer="lake"),
        "inherited": forms.Inherited(x=x),
        "plain": forms.Plain(x=x),
        "function": forms.TenTimes(value=forms.SourceTask(x=x)),
    }


def main(start_method: str, parallel_scheduling: bool, scheduler: str) -> None:
    multiprocessing.set_start_method(start_method)
    tasks = all_forms(7)
    built = luigi.build(
        list(tasks.values()),
        local_scheduler=not scheduler,
        scheduler_url=scheduler,
        workers=2,
        parallel_scheduling=parallel_scheduling,
        detailed_summary=True,
        log_level="WARNING",
    )
    found = {
        form: {
            "name": dn.get_artifact_name(task),
            "pickled": dn.get_artifact_name(pickle.loads(pickle.dumps(task))),
            "value": dn.artifact(task).load() if dn.artifact(task).exists() else None,
            "layer": dn.artifact(task).storage_layer.reference,
            "complete": task.complete(),
        }
        for form, task in tasks.items()
    }
    print(json.dumps({"status": built.status.name, "forms": found}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "parallel", *sys.argv[3:])
