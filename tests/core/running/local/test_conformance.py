"""The embedded orchestrator keeps what the kit asks of everybody's."""

import pytest

from datanectar.testing import OrchestratorConformance


class TestLocal(OrchestratorConformance):
    @pytest.fixture
    def orchestrator(self) -> str:
        return "local"
