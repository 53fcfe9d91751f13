"""The store, used by Feast as its users use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datanectar as dn


def test_two_stores_with_stale_caches_apply_views_and_both_are_there(
    make_store: Callable[..., Any], make_view: Callable[..., Any], entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.apply([entity, make_view("orders")])
    for store in (two, make_store()):
        assert sorted(view.name for view in store.list_feature_views()) == ["clicks", "orders"]
