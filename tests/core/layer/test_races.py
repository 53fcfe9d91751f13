"""Processes that store one artifact at once: one wins, and all get its bytes."""

import pytest

import datanectar as dn

WRITER = """
import sys, warnings
from hashlib import sha256
import datanectar as dn
from datanectar.layer.writing import DifferentResult

me, url = sys.argv[1:]
warnings.simplefilter("error", DifferentResult)
with dn.settings(storage_layer=url):
    layer = dn.storage_layer()
    print("ready", flush=True)
    for line in sys.stdin:
        name, size = line.split()
        try:
            layer.store(name, {"me": me, "bytes": me.encode() * int(size)})
            outcome = "won"
        except DifferentResult:
            outcome = "lost"
        value = layer.load(name)
        print(outcome, value["me"], value["bytes"] == value["me"].encode() * int(size), flush=True)
"""


@pytest.mark.parametrize("size", [10, 100_000], ids=["inline", "files"])
def test_of_six_processes_one_wins_and_all_get_its_bytes(race, tmp_path, size):
    url = (tmp_path / "store").as_uri()
    race(WRITER, [url], [f"t/f/race/{number} {size}" for number in range(30)])
    with dn.settings(storage_layer=url):
        layer = dn.storage_layer()
        found = [info.key for info in layer.backend.list("")]
        assert len(list(layer.list())) == 30
    files = 30 if size == 10 else 60
    assert len(found) == 1 + files, "losers left data behind"
