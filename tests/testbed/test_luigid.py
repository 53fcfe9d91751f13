"""luigid starts on a free port of this machine alone, and answers."""

import json
import urllib.request

from testbed.luigid import Luigid


def test_a_central_scheduler_starts_empty(luigid: Luigid) -> None:
    with urllib.request.urlopen(f"{luigid.url}/api/task_list?data={{}}") as answer:
        assert json.load(answer) == {"response": {}}
