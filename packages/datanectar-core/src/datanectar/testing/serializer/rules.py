"""What all parts of the kit for serializers share: the flag and the fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import SerializerType
from datanectar.testing.examples import Examples, shown
from datanectar.testing.flags import Conformance
from datanectar.testing.memory import private_settings
from datanectar.testing.sameness import assert_same
from datanectar.testing.serializer.probes import Subject, subject


class SerializerRules(Conformance):
    """The flag and the fixtures of every part of the kit."""

    deterministic: ClassVar[bool] = True

    @pytest.fixture
    def serializer(self) -> SerializerType | str:
        raise NotImplementedError("define the fixture `serializer`: the name of an installed one, or a SerializerType")

    @pytest.fixture
    def values(self) -> Examples:
        raise NotImplementedError("define the fixture `values`: a list of values it holds, or a hypothesis strategy")

    @pytest.fixture
    def refused(self) -> list[Any]:
        raise NotImplementedError("define the fixture `refused`: values it cannot hold exactly; [] if it holds all")

    def same(self, got: Any, expected: Any) -> None:
        """Asserts that two values are equal, types included; override it for classes without ``==``."""
        assert_same(got, expected)

    @pytest.fixture
    def under_test(
        self,
        serializer: SerializerType | str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[Subject]:
        """The serializer, registered, with stores that nobody else has."""
        with private_settings(monkeypatch, tmp_path_factory) as active:
            yield subject(serializer, active)

    @pytest.fixture
    def disk(self, under_test: Subject, tmp_path: Path) -> StorageLayer:
        """A store on disk, which other processes can read."""
        return storage_layer((tmp_path / "store").as_uri())

    def compare(self, got: Any, expected: Any, how: str) -> None:
        """Asserts the law of a value that came back."""
        try:
            self.same(got, expected)
        except Exception as error:
            msg = (
                f"the law is broken: {shown(expected)} came back as {shown(got)} {how} ({error or 'they differ'}). A "
                "warm run would go on with something else than the cold run. If they are equal, override `same`"
            )
            raise AssertionError(msg) from error
