from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

import datanectar as dn
from datanectar.testing import SerializerConformance

_MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


class TestFeatureRecords(SerializerConformance):
    @pytest.fixture
    def serializer(self):
        return "feature-record"

    @pytest.fixture
    def values(self):
        batches = st.builds(
            dn.FeatureBatch,
            view=st.text(),
            slot=st.text(),
            name=st.text(),
            rows=st.integers(0, 1 << 40),
            oldest=st.none() | _MOMENTS,
            newest=st.none() | _MOMENTS,
            source=st.none() | st.text(),
        )
        return batches | st.builds(
            dn.Materialization,
            batch=st.text(),
            source=st.none() | st.text(),
            start=_MOMENTS,
            end=_MOMENTS,
            at=_MOMENTS,
        )

    @pytest.fixture
    def refused(self):
        return [1, "x", {"view": "stats"}]


def test_a_task_returns_a_batch_without_a_pickle(tmp_path) -> None:
    batch = dn.FeatureBatch(view="stats", slot="s", name="a/b/c", rows=0, oldest=None, newest=None)
    with dn.settings(storage_layer=f"file://{tmp_path}"):
        manifest = dn.storage_layer().store("features/none/stats", batch)
        assert manifest.value["serializer"] == "feature-record"
        assert dn.storage_layer().load("features/none/stats") == batch
