"""Naming: from what an artifact is to what it is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from datanectar.errors import InvalidKey

SEGMENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_NAME = re.compile(rf"{SEGMENT.pattern}(?:/{SEGMENT.pattern})*")
_LONGEST_NAME = 700


class Identity(NamedTuple):
    """What an artifact is: its task, and all that decides its content.

    Attributes:
        task_type: Such as ``train_model``.
        model_family: Such as ``classifier``; ``none`` where the task has none.
        task: The task's snake-cased name.
        fingerprint: 26 characters of a-z 2-7, the hash of all that decides the result.
        parameters: The parameters as typed JSON.
    """

    task_type: str
    model_family: str
    task: str
    fingerprint: str
    parameters: Mapping[str, Any]


Naming: TypeAlias = Callable[[Identity], str]


def check_name(name: str) -> str:
    """Returns `name` if it can name an artifact.

    Raises:
        InvalidKey: It is not '/'-joined segments of ``[a-z0-9][a-z0-9._-]{0,127}``, or is over 700 bytes.
    """
    if len(name) > _LONGEST_NAME or _NAME.fullmatch(name) is None:
        msg = (
            f"{name!r} is not an artifact name: names are at most {_LONGEST_NAME} bytes of '/'-joined segments "
            "of a-z 0-9 . _ -, each of 1 to 128 characters and starting with a letter or digit"
        )
        raise InvalidKey(msg)
    return name
