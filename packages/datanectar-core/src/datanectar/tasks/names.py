"""Names of tasks and artifacts."""

from __future__ import annotations

import re

from datanectar.contracts.naming import SEGMENT, Identity
from datanectar.errors import TaskDefinitionError

#: What `datanectar.tasks.identity` makes of a hash.
FINGERPRINT = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def default_naming() -> object:
    """Returns the default scheme: ``{task_type}/{model_family}/{task}/{fingerprint}``."""
    return _default_name


def _default_name(identity: Identity) -> str:
    return f"{identity.task_type}/{identity.model_family}/{identity.task}/{identity.fingerprint}"


def snake_case(name: str) -> str:
    """Returns a Python name as artifact names have it: ``TrainETAClassifier`` → ``train_eta_classifier``.

    Raises:
        TaskDefinitionError: Nothing of it is ASCII.
    """
    snake = re.sub(r"[^a-z0-9]+", "_", _WORD.sub("_", _ascii(name)).lower()).strip("_")
    if not snake:
        raise TaskDefinitionError(f"no artifact name can be made of {name!r}; give one with @task(name=…)")
    return snake


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    import unicodedata

    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def check_segment(value: object, what: str, task: str) -> str:
    """Returns a task type, family or name given by the user, if it can be part of an artifact's name.

    Raises:
        TaskDefinitionError: It cannot.
    """
    if not isinstance(value, str) or SEGMENT.fullmatch(value) is None:
        if isinstance(value, str) and len(value) > 128:
            raise TaskDefinitionError(
                f"task {task:.40}: {what}={value:.40}… has {len(value)} characters; at most 128 fit"
            )
        hint = f", such as {snake_case(value)!r}" if isinstance(value, str) and re.search("[A-Za-z0-9]", value) else ""
        raise TaskDefinitionError(f"task {task}: {what}={value!r} must be of a-z 0-9 . _ -{hint}")
    return value
