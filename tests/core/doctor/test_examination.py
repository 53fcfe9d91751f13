from pathlib import Path

import pytest

from datanectar.doctor.examination import examine
from datanectar.doctor.findings import Finding
from datanectar.layer.signing import key_path

STORES = """
[storage.own]
type = "local"
path = "own"
[storage.other]
type = "local"
path = "other"
[storage.third]
type = "local"
path = "third"
[profiles.local]
storage_layer = "own"
[profiles.prod]
storage_layer = "other"
[[policies]]
task = "a"
storage_layer = "third"
[[policies]]
profile = "prod"
storage_layer = "memory://of-prod"
"""


def checked(findings: list[Finding]) -> list[str]:
    return sorted({found.check.removeprefix("storage ") for found in findings if found.check.startswith("storage ")})


def test_all_is_well_in_an_empty_directory_and_nothing_is_left_in_it() -> None:
    found = list(examine())
    assert {finding.status for finding in found} == {"ok"}
    assert list(Path.cwd().iterdir()) == []
    assert not key_path().exists()


@pytest.mark.parametrize(
    ("arguments", "examined"),
    [
        ({}, ["own", "third"]),
        ({"profile": "prod"}, ["memory://of-prod", "other", "third"]),
        ({"storage_layer": "other"}, ["other"]),
        ({"storage_layer": "memory://"}, ["memory://"]),
        ({"every": True}, ["disk", "other", "own", "third"]),
    ],
)
def test_the_storages_of_the_profile_are_examined_or_all(arguments: dict[str, object], examined: list[str]) -> None:
    Path("datanectar.toml").write_text(STORES)
    assert checked(list(examine(**arguments))) == examined  # type: ignore[arg-type]


def test_a_storage_that_is_not_there_is_an_error() -> None:
    (found,) = [finding for finding in examine(storage_layer="lake") if finding.status != "ok"]
    assert (found.status, found.check) == ("error", "storage lake")
    assert found.found.startswith("there is no storage 'lake' (command line); configured: disk")


def test_each_local_store_has_its_disk_looked_at() -> None:
    Path("datanectar.toml").write_text(STORES)
    (disk,) = [found for found in examine() if found.check.startswith("disk of")]
    assert disk.check.startswith("disk of storage own, storage third, cache")


def test_a_broken_file_is_an_error_and_what_does_not_need_it_is_looked_at() -> None:
    Path("datanectar.toml").write_text("[[")
    found = list(examine())
    assert [(finding.status, finding.check) for finding in found] == [
        ("ok", "python"),
        ("ok", "libraries"),
        ("error", "configuration"),
        ("warning", "storage"),
        ("ok", "signing key"),
        ("ok", "disk of cache, temporary files"),
    ]


def test_a_deleted_working_directory_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert ("error", "the working directory was deleted; change to one that exists") in [
        (found.status, found.found) for found in examine()
    ]
