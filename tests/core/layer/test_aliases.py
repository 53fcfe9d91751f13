"""Aliases: a numbered log, in which no update is lost."""

import subprocess
import sys

import pytest

from datanectar.errors import AlreadyExists, ArtifactNotFound, IntegrityError, InvalidKey, StorageUnavailable
from datanectar.layer import keys
from datanectar.layer.aliases import history, move_alias, name_before, paths_of, read_alias, standing_aliases
from datanectar.storages.local import LocalBackend, LocalOptions

PATH = "train_model/classifier/eta"


@pytest.fixture
def stored(layer, name):
    for number in range(3):
        layer.store(f"{name}{number}", number)
    return layer


def test_an_alias_leads_to_the_artifact_it_was_moved_to_last(stored, name):
    for number in (0, 1, 2, 1):
        stored.alias(f"{name}{number}", "champion")
        assert stored.resolve(f"{PATH}@champion") == f"{name}{number}"


def test_entries_are_numbered_and_none_is_overwritten(stored, backend, name):
    for number in (0, 1, 2):
        stored.alias(f"{name}{number}", "champion")
    assert backend.listed("aliases/") == [keys.alias(PATH, "champion", number) for number in (1, 2, 3)]


def test_aliases_of_a_task_are_apart(stored, name):
    stored.alias(name + "0", "champion")
    stored.alias(name + "1", "latest")
    assert stored.resolve(f"{PATH}@champion") == name + "0"
    assert stored.resolve(f"{PATH}@latest") == name + "1"


def test_an_alias_like_the_next_segment_of_another_path_is_apart(layer):
    layer.store("a/one", 1)
    layer.store("a/b/two", 2)
    layer.alias("a/one", "b")
    for _ in range(3):
        layer.alias("a/b/two", "c")
    assert layer.resolve("a@b") == "a/one"
    assert layer.resolve("a/b@c") == "a/b/two"


def test_the_aliases_of_artifacts_are_one_listing_and_a_read_each(stored, backend, name):
    for number, alias in ((0, "latest"), (1, "latest"), (1, "champion"), (2, "candidate")):
        stored.alias(f"{name}{number}", alias)
    backend.calls.clear()
    assert standing_aliases(backend) == {f"{name}1": ["champion", "latest"], f"{name}2": ["candidate"]}
    assert [method for method, _ in backend.calls] == ["list", "read", "read", "read"]
    assert standing_aliases(backend, "another/") == {}


def test_a_damaged_alias_hides_no_other(stored, backend, name):
    stored.alias(name + "0", "broken")
    stored.alias(name + "0", "sound")
    backend.put(keys.alias(PATH, "broken", 1), b"{}")
    assert standing_aliases(backend) == {name + "0": ["sound"]}


def test_what_else_was_put_among_the_entries_hides_no_alias(stored, backend, name):
    stored.alias(name + "0", "champion")
    for key in ("aliases/readme", f"aliases/{PATH}/champion/notes", f"aliases/{PATH}/champion/x.json"):
        backend.put(key, b"hello")
    assert standing_aliases(backend) == {name + "0": ["champion"]}
    assert stored.resolve(f"{PATH}@champion") == name + "0"
    assert stored.alias(name + "1", "champion") == 2


def test_the_history_of_an_alias_is_its_entries_the_newest_first(stored, backend, name):
    for number in (0, 2, 0):
        stored.alias(f"{name}{number}", "champion")
    entries = history(backend, PATH, "champion")
    assert [(entry.number, entry.name) for entry in entries] == [(3, name + "0"), (2, name + "2"), (1, name + "0")]
    assert [entry.moved for entry in entries] == [
        backend.stat(keys.alias(PATH, "champion", n)).modified for n in (3, 2, 1)
    ]
    assert {entry.place for entry in entries} == {f"{PATH}@champion"}


def test_the_history_is_one_listing_and_a_read_an_entry(stored, backend, name):
    stored.alias(name + "0", "champion")
    stored.alias(name + "1", "champion")
    backend.calls.clear()
    history(backend, PATH, "champion")
    assert [method for method, _ in backend.calls] == ["list", "read", "read"]


def test_a_damaged_entry_of_the_history_is_told_beside_the_others(stored, backend, name):
    stored.alias(name + "0", "champion")
    stored.alias(name + "1", "champion")
    backend.put(keys.alias(PATH, "champion", 1), b"{}")
    newest, oldest = history(backend, PATH, "champion")
    assert newest.name == name + "1"
    assert isinstance(oldest.name, IntegrityError)


def test_moving_an_alias_gives_the_number_by_which_to_ask_for_what_was_before(stored, backend, name):
    assert stored.alias(name + "0", "champion") == 1
    assert name_before(backend, PATH, "champion", 1) is None
    assert stored.alias(name + "1", "champion") == 2
    assert name_before(backend, PATH, "champion", 2) == name + "0"


def test_an_artifact_has_aliases_by_its_task_and_by_its_name():
    assert paths_of("flat-name", {"task": ["train", "none", "eta"]}) == ["train/none/eta"]
    assert paths_of("models/eta/one", {"task": ["train", "none", "eta"]}) == ["train/none/eta", "models/eta"]
    assert paths_of(f"{PATH}/one", {"task": PATH.split("/")}) == [PATH]
    assert paths_of("by-hand", None) == []


def test_a_name_is_its_own_resolution(layer, name):
    assert layer.resolve(name) == name


def test_an_alias_that_is_not_there_is_told(stored):
    with pytest.raises(ArtifactNotFound, match=f"has no alias {PATH}@champion"):
        stored.resolve(f"{PATH}@champion")


def test_an_alias_needs_an_artifact(layer, backend, name):
    with pytest.raises(ArtifactNotFound, match="no alias can point to it"):
        layer.alias(name, "champion")
    assert backend.listed() == []


@pytest.mark.parametrize("alias", ["", "Champion", "a/b", "..", ".x", "a b", "a@b", "é", "a" * 65])
def test_a_bad_alias_is_refused(stored, backend, name, alias):
    with pytest.raises(InvalidKey, match="is refused"):
        stored.alias(name + "0", alias)
    assert backend.listed("aliases/") == []


def test_a_name_without_a_task_has_no_alias(layer):
    layer.store("model", 1)
    with pytest.raises(InvalidKey, match="none before a"):
        layer.alias("model", "champion")


def test_the_log_is_trimmed_at_a_hundred(faulty):
    backend = faulty()
    known: dict = {}
    for number in range(1, 251):
        move_alias(backend, PATH, "latest", f"{PATH}/{number}", known if number % 3 else None)
    assert read_alias(backend, PATH, "latest") == f"{PATH}/250"
    assert backend.listed("aliases/") == [keys.alias(PATH, "latest", number) for number in range(150, 251)]


def test_a_writer_that_was_overtaken_by_hundreds_is_still_the_last(faulty):
    backend = faulty()
    slow: dict = {}
    move_alias(backend, PATH, "latest", f"{PATH}/slow", slow)
    for number in range(250):
        move_alias(backend, PATH, "latest", f"{PATH}/{number}", None)
    move_alias(backend, PATH, "latest", f"{PATH}/last", slow)
    assert read_alias(backend, PATH, "latest") == f"{PATH}/last"


def test_a_writer_that_is_overtaken_by_hundreds_while_it_writes_is_still_the_last(faulty):
    backend = faulty()
    slow: dict = {}
    move_alias(backend, PATH, "latest", f"{PATH}/slow", slow)

    def overtake(key):
        backend.before.clear()
        for number in range(250):
            move_alias(backend.inner, PATH, "latest", f"{PATH}/{number}")

    backend.before["create"] = overtake
    move_alias(backend, PATH, "latest", f"{PATH}/last", slow)
    assert read_alias(backend, PATH, "latest") == f"{PATH}/last"


def test_a_move_to_where_another_process_once_moved_it_counts(faulty):
    backend = faulty()
    ours: dict = {}
    move_alias(backend, PATH, "champion", f"{PATH}/one", ours)
    for name in ("two", "three"):
        move_alias(backend, PATH, "champion", f"{PATH}/{name}")
    move_alias(backend, PATH, "champion", f"{PATH}/two", ours)
    assert read_alias(backend, PATH, "champion") == f"{PATH}/two"


def test_two_moves_to_one_artifact_at_once_are_two_entries(faulty):
    backend = faulty()

    def overtake(key):
        backend.before.clear()
        move_alias(backend.inner, PATH, "champion", f"{PATH}/one")

    backend.before["create"] = overtake
    assert move_alias(backend, PATH, "champion", f"{PATH}/one") == 2
    assert backend.listed() == [keys.alias(PATH, "champion", number) for number in (1, 2)]


@pytest.mark.parametrize("reply", [StorageUnavailable("reset"), AlreadyExists("412")])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_request_or_reply_is_made_good(faulty, hurry, reply, moment):
    backend = faulty()

    def lose(key):
        getattr(backend, moment).clear()
        raise reply

    getattr(backend, moment)["create"] = lose
    move_alias(backend, PATH, "latest", f"{PATH}/one")
    assert read_alias(backend, PATH, "latest") == f"{PATH}/one"
    assert backend.listed() == [keys.alias(PATH, "latest", 1)]


def test_an_entry_that_is_trimmed_while_it_is_read_is_passed_over(faulty):
    backend = faulty()
    move_alias(backend, PATH, "latest", f"{PATH}/one")
    move_alias(backend, PATH, "latest", f"{PATH}/two")

    def trim(key):
        backend.before.clear()
        backend.inner.delete([key])

    backend.before["read"] = trim
    assert read_alias(backend, PATH, "latest") == f"{PATH}/one"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name":"other"}'])
def test_a_damaged_entry_is_told_and_moving_the_alias_mends_it(stored, backend, name, content):
    stored.alias(name + "0", "champion")
    backend.put(keys.alias(PATH, "champion", 1), content)
    with pytest.raises(IntegrityError, match=f"Point {PATH}@champion to an artifact again"):
        stored.resolve(f"{PATH}@champion")
    stored.alias(name + "1", "champion")
    assert stored.resolve(f"{PATH}@champion") == name + "1"


MOVER = """
import sys
from pathlib import Path
from datanectar.layer.aliases import move_alias
from datanectar.storages.local import LocalBackend, LocalOptions

me, root = sys.argv[1:]
backend = LocalBackend(LocalOptions(Path(root), durability="none"))
known = {}
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    move_alias(backend, "a/b", "latest", f"a/b/{me}{number}", known)
"""


def test_six_processes_lose_no_update(tmp_path):
    movers = [
        subprocess.Popen(
            [sys.executable, "-c", MOVER, me, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for me in "abcdef"
    ]
    assert {mover.stdout.readline() for mover in movers} == {"ready\n"}
    for mover in movers:
        mover.stdin.write("go\n")
        mover.stdin.flush()
    for mover in movers:
        mover.communicate()
    assert [mover.returncode for mover in movers] == [0] * 6
    backend = LocalBackend(LocalOptions(tmp_path))
    entries = [backend.read(keys.alias("a/b", "latest", number)) for number in range(1, 6 * 12 + 1)]
    assert len(set(entries)) == len(list(backend.list(""))) == 6 * 12
