from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

import datanectar as dn
from datanectar.testing import SerializerConformance

_MOMENTS = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


class TestFeatureBatch(SerializerConformance):
    @pytest.fixture
    def serializer(self):
        return "feature-batch"

    @pytest.fixture
    def values(self):
        return st.builds(
            dn.FeatureBatch,
            view=st.text(),
            slot=st.text(),
            name=st.text(),
            rows=st.integers(0, 1 << 40),
            oldest=_MOMENTS,
            newest=_MOMENTS,
            source=st.none() | st.text(),
        )

    @pytest.fixture
    def refused(self):
        return [1, "x", {"view": "stats"}]


def test_a_task_returns_a_batch_without_a_pickle(tmp_path) -> None:
    batch = dn.FeatureBatch(view="stats", slot="s", name="a/b/c", rows=0, oldest=None, newest=None)
    with dn.settings(storage_layer=f"file://{tmp_path}"):
        manifest = dn.storage_layer().store("features/none/stats", batch)
        assert manifest.value["serializer"] == "feature-batch"
        assert dn.storage_layer().load("features/none/stats") == batch
