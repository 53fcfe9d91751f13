from pathlib import Path

import pytest

import datanectar as dn
from datanectar.cli.lineage import lineage
from datanectar.storages.local import LocalBackend


@dn.task
def source(n: int) -> int:
    return n


@dn.task
def added(*numbers: int) -> int:
    return sum(numbers)


@pytest.fixture(autouse=True)
def store():
    with dn.settings(storage_layer=f"file://{Path.cwd()}/store") as settings:
        yield settings


def inputs_of(target: dn.Artifact) -> list[list[str]]:
    dn.run(target)
    return dn.storage_layer().manifest(target.name).document["inputs"]


def tree(target: dn.Artifact) -> list[str]:
    return list(lineage(inputs_of(target), dn.storage_layer().reference))


def chain(length: int) -> dn.Artifact:
    found = source(0)
    for _ in range(length):
        found = added(found)
    return found


def test_inputs_of_inputs_are_indented() -> None:
    one, two = source(1), source(2)
    inner = added(one)
    assert tree(added(inner, two)) == [inner.name, f"  {one.name}", two.name]


def test_an_input_of_two_is_shown_once_with_what_is_behind_it() -> None:
    shared = added(source(1))
    left, right = added(shared), added(shared, source(2))
    assert tree(added(left, right)) == [
        left.name,
        f"  {shared.name}",
        f"    {source(1).name}",
        right.name,
        f"  {shared.name}, see above",
        f"  {source(2).name}",
    ]


def test_what_is_behind_an_input_is_shown_where_there_is_room_for_it() -> None:
    shared = chain(2)
    deep = added(added(shared))
    lines = tree(added(deep, shared))
    assert lines[:4] == [deep.name, f"  {added(shared).name}", f"    {shared.name}", "      …"]
    assert lines[4:] == [shared.name, f"  {chain(1).name}", f"    {source(0).name}"]


def test_an_input_that_is_gone_or_damaged_is_marked() -> None:
    gone, broken = source(1), source(2)
    inputs = inputs_of(added(gone, broken))
    dn.storage_layer().delete(gone.name)
    manifest = Path("store/manifests", f"{broken.name}.json")
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes()[:-9])
    first, second = lineage(inputs, "elsewhere")
    where = dn.storage_layer().reference
    assert (first, second) == (f"{gone.name} in {where}, missing", f"{broken.name} in {where}, damaged")


def test_an_input_that_was_copied_along_is_looked_up_here(tmp_path) -> None:
    inputs = inputs_of(added(source(1)))
    elsewhere = f"file://{tmp_path}/elsewhere"
    recorded = dn.storage_layer().reference
    assert list(lineage(inputs, elsewhere)) == [f"{source(1).name} in {recorded}"]
    dn.storage_layer(elsewhere).store(source(1).name, 1)
    assert list(lineage(inputs, elsewhere)) == [source(1).name]


def test_a_store_that_is_not_configured_here_is_told() -> None:
    assert list(lineage([["a/b", "lake"]], "disk")) == [
        "a/b in lake, which cannot be read: there is no storage 'lake' (argument); configured: disk. "
        "Or give a URL, such as file:///data"
    ]


def test_depth_and_width_have_a_limit() -> None:
    lines = tree(chain(5))
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 2, 4, 6]
    assert lines[-1].strip() == "…"
    many = tree(added(*map(source, range(15))))
    assert (len(many), many[-1]) == (13, "… 3 more")


def test_no_more_manifests_are_read_than_people_read(monkeypatch) -> None:
    wide = [added(*(source(100 * row + n) for n in range(12))) for row in range(12)]
    inputs = inputs_of(added(*wide))
    read: list[str] = []
    real = LocalBackend.read
    monkeypatch.setattr(LocalBackend, "read", lambda self, key: read.append(key) or real(self, key))
    assert len(list(lineage(inputs, ""))) == 12 * 13
    assert len(read) == 25
    assert {handle.name for handle in wide} < {key.removeprefix("manifests/")[:-5] for key in read}
