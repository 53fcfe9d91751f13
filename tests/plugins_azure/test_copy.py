"""`datanectar copy` from disk to S3, to Azure and back to disk: the store is afterwards what it was."""

import json
from itertools import pairwise
from pathlib import Path

import datanectar as dn
from datanectar.cli.application import invoke

LARGE = bytes(range(256)) * (80 << 10)  # 20 MiB: several parts of an upload


def content(url: str) -> dict[str, object]:
    """All bytes of a store; of an alias, which a copy points anew, what it points to."""
    with dn.settings():
        backend = dn.storage_layer(url).backend
        found = {info.key: backend.read(info.key) for info in backend.list("")}
    return {key: json.loads(data)["name"] if key.startswith("aliases/") else data for key, data in found.items()}


def test_a_store_that_went_round_is_what_it_was(s3_place, azure_container) -> None:
    here = Path.cwd().as_uri()
    places = [f"{here}/start", f"s3://{'/'.join(s3_place)}/a", f"az://{azure_container}/b", f"{here}/end"]
    with dn.settings():
        layer = dn.storage_layer(places[0])
        layer.store("t/f/small/one", {"n": 1})
        layer.store("t/f/large/one", LARGE)
        layer.store("t/f/parts/one", {"a": LARGE[:70_000], "b": (LARGE[1:90_000], None)})
        layer.store("t/f/pickle/one", {frozenset({1}), frozenset({2})}, serializer="pickle")
        layer.alias("t/f/small/one", "champion")
        layer.backend.write("logs/t/f/small/one/failed.log", b"no luck\n")
    for source, target in pairwise(places):
        assert invoke(["copy", source, target]) == 0
        assert invoke(["copy", source, target, "--dry-run"]) == 0
        assert content(target) == content(source)
    with dn.settings():
        assert dn.storage_layer(places[2]).load("t/f/large/one") == LARGE
        assert dn.storage_layer(places[3]).load("t/f/pickle/one") == {frozenset({1}), frozenset({2})}
        assert dn.storage_layer(places[3]).resolve("t/f/small@champion") == "t/f/small/one"


def test_what_is_damaged_on_disk_does_not_reach_the_container(azure_container, capsys) -> None:
    start, container = f"{Path.cwd().as_uri()}/start", f"az://{azure_container}/b"
    with dn.settings():
        dn.storage_layer(start).store("t/f/large/one", LARGE)
        dn.storage_layer(start).store("t/f/small/one", 1)
    (file,) = Path("start/data").rglob("0.bin")
    file.chmod(0o600)
    file.write_bytes(LARGE[:-1] + b"x")
    assert invoke(["copy", start, container]) == 1
    assert "FAILED         t/f/large/one  file://" in capsys.readouterr().err
    assert not [key for key in content(container) if "/large/" in key]
