"""Whoever publishes or copies and is killed at any step leaves whole artifacts or none; a plain new run succeeds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("kind", ["nameless", "temporary"])
def test_killed_at_any_step_the_artifact_is_absent_or_whole(tmp_path, kind):
    script = Path(__file__).with_name("crashing.py")
    run = subprocess.run([sys.executable, script, tmp_path, kind], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    counts = json.loads(run.stdout)
    assert (counts["wrong"], counts["stuck"]) == (0, 0), run.stderr
    assert counts["absent"] + counts["whole"] == counts["steps"]
    assert counts["absent"] > 20
    assert counts["whole"] > 2
    assert kind == "temporary" or counts["temporary"] == 0


def test_a_copy_that_is_killed_at_any_step_is_finished_by_another(tmp_path):
    script = Path(__file__).with_name("crashing_copy.py")
    run = subprocess.run([sys.executable, script, tmp_path], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    counts = json.loads(run.stdout)
    assert (counts["wrong"], counts["stuck"]) == (0, 0), run.stderr
    assert counts["some"] > 5
    assert counts["steps"] > 100
