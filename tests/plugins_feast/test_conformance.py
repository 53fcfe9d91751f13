import pytest

from datanectar.testing import FeatureStoreConformance


class TestFeast(FeatureStoreConformance):
    @pytest.fixture
    def feature_store(self, store):
        return store

    @pytest.fixture
    def definitions(self, stats):
        return stats
