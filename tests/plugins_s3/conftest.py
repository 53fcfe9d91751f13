"""Stores on SeaweedFS, on moto and behind a proxy that fails; what is sent to them is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff
from moto import mock_aws

import datanectar as dn
from datanectar.layer import commit
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry
from datanectar_s3.backend import S3Backend
from datanectar_s3.engine import settings as obstore
from datanectar_s3.options import S3Options


class Watched(S3Backend):
    """Notes the operations that it sends, with their arguments."""

    def __init__(self, options: S3Options) -> None:
        super().__init__(options)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        events = self._connection.client.meta.events
        events.register("provide-client-params.s3", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.sent.append((model.name, params))

    def operations(self) -> list[str]:
        """The operations since the last time, in order."""
        names = [name for name, _ in self.sent]
        self.sent.clear()
        return names


@pytest.fixture
def engine() -> str:
    """What moves bytes. A module whose tests are of both engines has a fixture of its own in place of this."""
    return "boto3"


@pytest.fixture
def make_backend(s3_place: tuple[str, str], engine: str) -> Callable[..., Watched]:
    """Makes a backend on SeaweedFS, below a prefix that is this test's own: ``make_backend(prefix="p")``."""
    bucket, place = s3_place

    def make(*, prefix: str = "", **options: Any) -> Watched:
        return Watched(S3Options(bucket, f"{place}/{prefix}", **{"engine": engine, **options}))

    return make


@pytest.fixture
def backend(make_backend: Callable[..., Watched]) -> Watched:
    return make_backend(prefix="artifacts")


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A backend on moto, which keeps odd keys apart and lists them in the order of their bytes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="lake")
        yield Watched(S3Options("lake", prefix="artifacts"))


@pytest.fixture
def make_layer() -> Iterator[Callable[..., StorageLayer]]:
    """Makes a storage layer over a backend: ``make_layer(backend, verify="always")``."""
    with dn.settings(storage_layer="memory://") as settings:

        def make(backend: S3Backend, **options: Any) -> StorageLayer:
            return StorageLayer("test", backend, LayerOptions(**options), registry(settings), Signer((), Path.cwd()))

        yield make


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real waiting for a store that doesn't answer: neither the SDK's nor that of the commit."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0.001)
    monkeypatch.setattr(obstore, "_PAUSES", dict.fromkeys(obstore._PAUSES, timedelta(milliseconds=1)))
    monkeypatch.setattr(commit, "_DEADLINE", 0.5)
    monkeypatch.setattr(commit, "pause_before", lambda retry, longest: 0.01)


@pytest.fixture
def big() -> bytes:
    """Too large for a manifest."""
    return bytes(range(256)) * 400
