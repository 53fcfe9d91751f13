"""A plugin that notes each event and the process it is fired in, where the variable `VARIABLE` names a file for it."""

from __future__ import annotations

import os

from datanectar.hookspecs import hookimpl
from datanectar.testing.notes import note

VARIABLE = "CONFORMANCE_EVENTS"


def _note(event: str, name: str) -> None:
    note(os.environ.get(VARIABLE, ""), event, name)


@hookimpl
def datanectar_task_started(name: str) -> None:
    _note("task_started", name)


@hookimpl
def datanectar_artifact_loaded(name: str) -> None:
    _note("artifact_loaded", name)


@hookimpl
def datanectar_artifact_stored(name: str) -> None:
    _note("artifact_stored", name)


@hookimpl
def datanectar_task_finished(name: str) -> None:
    _note("task_finished", name)


@hookimpl
def datanectar_task_failed(name: str) -> None:
    _note("task_failed", name)
