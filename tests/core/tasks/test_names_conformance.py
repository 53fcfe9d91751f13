"""The default naming scheme keeps what the kit asks of everybody's."""

import pytest

from datanectar.testing import NamingConformance


class TestDefault(NamingConformance):
    @pytest.fixture
    def naming(self) -> str:
        return "default"
