"""A round trip through a store, and equality as the law means it: types included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import datanectar as dn
from datanectar.testing import assert_same


@pytest.fixture(params=["memory", "local"])
def trip(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Stores a value and loads it again; ``trip(value, with_serializer=True)`` gives what took it, too."""
    url = "memory://" if request.param == "memory" else (tmp_path / "store").as_uri()
    numbers = count()
    with dn.settings(storage_layer=url):
        layer = dn.storage_layer()

        def there_and_back(value: Any, serializer: str | None = None, *, with_serializer: bool = False) -> Any:
            name = f"a/b/{next(numbers)}"
            record = layer.store(name, value, serializer=serializer)
            loaded = layer.load(name)
            return (loaded, record.value.get("serializer")) if with_serializer else loaded

        yield there_and_back


@pytest.fixture
def same() -> Callable[[Any, Any], None]:
    return assert_same
