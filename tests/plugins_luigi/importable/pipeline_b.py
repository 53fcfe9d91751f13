"""A module with a `train` of its own."""

from __future__ import annotations

import datanectar as dn
from datanectar_luigi import as_luigi_task


@as_luigi_task
@dn.task(task_type="train_model", model_family="mean")
def train(data: list[int], weight: float = 1.0) -> float:
    return -weight * sum(data)
