"""The registry in S3: what it rests on there is a conditional PUT."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

import datanectar as dn

COUNT = 8


@pytest.fixture
def place(s3_place: tuple[str, str]) -> str:
    """The URL of a new store on SeaweedFS."""
    bucket, prefix = s3_place
    return f"s3://{bucket}/{prefix}"


def test_of_eight_stores_that_apply_at_once_nothing_is_lost(
    place: str, make_store: Callable[..., Any], make_view: Callable[..., Any], entity: Any
) -> None:
    ready = Barrier(COUNT)

    def apply(number: int) -> None:
        store = make_store()
        ready.wait()
        store.apply([entity, make_view(f"view{number}")])

    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(apply, range(COUNT)))
    store = make_store()
    assert sorted(view.name for view in store.list_feature_views()) == [f"view{number}" for number in range(COUNT)]
    store.registry.delete_feature_view("view0", "shop")
    # Whatever the time that a store tells of a new object: what was deleted is not taken for what others added.
    store.registry.delete_feature_view("view1", "shop")
    assert len(make_store().list_feature_views()) == COUNT - 2
    store.registry.teardown()
    assert list(dn.storage_layer(place).backend.list("registry/")) == []
