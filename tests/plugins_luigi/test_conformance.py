"""Luigi keeps the rules of every orchestrator, and its plugin those of every plugin."""

import pytest

from datanectar.testing import OrchestratorConformance, check_plugin


class TestLuigi(OrchestratorConformance):
    @pytest.fixture
    def orchestrator(self) -> str:
        return "luigi"


def test_the_plugin_is_as_plugins_are_to_be() -> None:
    check_plugin("luigi")
