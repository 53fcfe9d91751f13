"""Artifacts go from store to store as they are; whatever happens on the way, what is there is whole."""

import io
import os
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datanectar.errors import (
    ArtifactNotFound,
    FormatError,
    IntegrityError,
    StorageAccessError,
    StorageFull,
    StorageUnavailable,
    StoreNotFound,
    UnsafeStore,
)
from datanectar.layer import commit, keys
from datanectar.layer.copying.artifacts import copy_artifacts
from datanectar.layer.manifest import seal
from datanectar.layer.writing import new_attempt
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend

NAME = "train_model/classifier/eta/aaaa"
WRITING = ("write", "create", "delete")


class Notes:
    """Keeps what a copy tells."""

    def __init__(self):
        self.moved_bytes, self.finished_names, self.inventory = 0, [], None
        self._lock = threading.Lock()

    def planned(self, inventory):
        self.inventory = inventory

    def moved(self, count):
        with self._lock:
            self.moved_bytes += count

    def finished(self, outcome):
        self.finished_names.append(outcome.name)

    def close(self):
        pass


@pytest.fixture
def source(make_layer, faulty, tmp_path):
    return make_layer(faulty(LocalBackend(LocalOptions(tmp_path / "source", durability="none"))))


@pytest.fixture(params=["local", "memory"])
def target(request, make_layer, faulty, tmp_path):
    local = LocalBackend(LocalOptions(tmp_path / "target", durability="none"))
    return make_layer(faulty(local if request.param == "local" else MemoryBackend()))


@pytest.fixture
def copy(source, target):
    """Copies from `source` to `target`, and returns what became of each artifact."""

    def run(*names, notes=None, **options):
        outcomes = copy_artifacts(source, target, names or None, notes or Notes(), **options)
        return {outcome.name: outcome for outcome in outcomes}

    return run


def statuses(outcomes):
    return {name: outcome.status for name, outcome in outcomes.items()}


def objects(layer, *areas):
    return {key: layer.backend.inner.read(key) for area in areas for key in layer.backend.listed(area)}


def written(layer):
    return [key for method, key in layer.backend.calls if method in WRITING]


ALL = ("manifests/", "data/", "logs/", "code/")


# As it is


def test_everything_is_there_byte_by_byte(source, target, copy, big):
    source.store(f"{NAME}1", {"small": 1, "big": big})
    source.store(f"{NAME}2", "small")
    identity = {"task": ["train_model", "classifier", "eta"], "code": "c0de", "parameters": {}}
    source.writer.record_code("c0de", {"eta": "d1"}, {"eta": "def eta(): ..."})
    source.writer.commit(f"{NAME}3", new_attempt(), big, identity=identity, inputs=[[f"{NAME}1", "disk"]], log=b"hi")
    source.backend.write(keys.log(f"{NAME}3", "failed"), b"no luck\n")
    assert statuses(copy()) == dict.fromkeys([f"{NAME}{number}" for number in "123"], "copied")
    assert objects(target, *ALL) == objects(source, *ALL)
    for number in "123":
        assert target.load(f"{NAME}{number}") == source.load(f"{NAME}{number}")
    assert target.logs(f"{NAME}3") == source.logs(f"{NAME}3")


def test_a_pickle_loads_with_the_key_that_signed_it(source, target, copy):
    value = {frozenset({1}), frozenset({2, 3})}
    source.store(NAME, value, serializer="pickle")
    copy()
    assert target.load(NAME) == value


def test_files_and_directories_are_copied(source, target, copy, tmp_path, big):
    folder = tmp_path / "plots"
    (folder / "by month").mkdir(parents=True)
    (folder / "by day.png").write_bytes(big)
    (folder / "by month/may.png").write_bytes(big[1:])
    source.store(NAME, folder)
    copy()
    loaded = target.load(NAME)
    assert (loaded / "by day.png").read_bytes() == big
    assert (loaded / "by month/may.png").read_bytes() == big[1:]


def test_details_that_are_a_file_are_copied(source, target, copy):
    inputs = [[f"t/f/x/{number}", "disk"] for number in range(300)]
    source.writer.commit(NAME, new_attempt(), 1, identity={"code": "c0de"}, inputs=inputs)
    source.writer.record_code("c0de", {"eta": "d1"})
    copy()
    assert target.reader.details(target.manifest(NAME))["inputs"] == inputs
    assert target.backend.listed("code/") == ["code/c0de.json"]


def test_source_texts_stay_where_they_are_if_that_is_asked_for(source, target, copy):
    source.writer.commit(NAME, new_attempt(), 1, identity={"code": "c0de"})
    source.writer.record_code("c0de", {"eta": "d1"}, {"eta": "def eta(): ..."})
    copy(source_texts=False)
    assert target.backend.listed("code/") == ["code/c0de.json"]


def test_only_what_is_named_goes_along(source, target, copy):
    for name in (f"{NAME}1", f"{NAME}2", "other/none/task/b"):
        source.store(name, name)
        source.backend.write(keys.log(name, "failed"), b"no luck\n")
    copy(f"{NAME}1")
    assert list(target.list()) == [f"{NAME}1"]
    assert target.backend.listed("logs/") == [keys.log(f"{NAME}1", "failed")]


def test_what_is_named_and_not_there_failed(source, copy):
    source.store(f"{NAME}1", 1)
    source.backend.write(keys.log(f"{NAME}2", "failed"), b"no luck\n")
    outcomes = copy(f"{NAME}1", f"{NAME}2")
    assert statuses(outcomes) == {f"{NAME}1": "copied", f"{NAME}2": "failed"}
    assert outcomes[f"{NAME}2"].note == f"{NAME}2 is not in {source.backend.url}"


def test_source_texts_that_an_earlier_copy_left_out_follow(source, target, copy):
    source.writer.commit(NAME, new_attempt(), 1, identity={"code": "c0de"})
    source.writer.record_code("c0de", {"eta": "d1"}, {"eta": "def eta(): ..."})
    copy(source_texts=False)
    assert statuses(copy(dry_run=True)) == {NAME: "present"}
    assert target.backend.listed("code/") == ["code/c0de.json"]
    assert statuses(copy()) == {NAME: "present"}
    assert objects(target, "code/") == objects(source, "code/")


def test_logs_of_what_was_never_made_go_along_with_everything(source, target, copy):
    source.store(NAME, 1)
    source.backend.write(keys.log("task/none/bad/x", "failed"), b"no luck\n")
    assert statuses(copy()) == {NAME: "copied", "task/none/bad/x": "logs"}
    assert target.logs("task/none/bad/x") == {"failed": "no luck\n"}


values = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=100_000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_what_is_copied_loads_as_what_was_stored(make_layer, value):
    first, second, third = (make_layer(MemoryBackend()) for _ in range(3))
    first.store(NAME, value)
    for start, end in ((first, second), (first, second), (second, third)):
        (outcome,) = copy_artifacts(start, end, None, Notes())
        assert outcome.status in ("copied", "present")
    assert third.load(NAME) == first.load(NAME)
    assert third.backend.read(keys.manifest(NAME)) == first.backend.read(keys.manifest(NAME))


# What is there already


def test_a_second_copy_writes_nothing(source, target, copy, big):
    source.store(f"{NAME}1", big)
    source.store(f"{NAME}2", 1)
    copy()
    target.backend.calls.clear()
    notes = Notes()
    assert set(statuses(copy(notes=notes)).values()) == {"present"}
    assert written(target) == []
    assert notes.moved_bytes == 0


def test_presence_is_found_out_by_listings(source, target, copy):
    names = [f"t/f/task{number % 3}/{number:04}" for number in range(1_200)]
    for name in names:
        source.store(name, None)
    for name in names[:600]:
        target.store(name, None)
    for layer in (source, target):
        layer.backend.calls.clear()
    outcomes = copy(*names)
    assert [outcome.status for outcome in outcomes.values()].count("present") == 600
    for layer in (source, target):
        methods = [method for method, _ in layer.backend.calls]
        assert methods.count("list") == 9  # manifests, data and logs of three tasks
        assert methods.count("stat") == 0


def test_the_logs_that_were_added_since_are_copied(source, target, copy):
    source.store(NAME, 1)
    copy()
    source.backend.write(keys.log(NAME, "later"), b"once more\n")
    assert statuses(copy()) == {NAME: "present"}
    assert target.logs(NAME) == {"later": "once more\n"}


def test_the_same_bytes_of_another_attempt_are_there_already(source, target, copy, big):
    source.store(NAME, big)
    attempt = target.store(NAME, big).attempt
    assert statuses(copy()) == {NAME: "present"}
    assert target.manifest(NAME).attempt == attempt


def test_other_bytes_stay_and_are_told_with_both_attempts(source, target, copy, big):
    here, there = source.store(NAME, big).attempt, target.store(NAME, big[1:]).attempt
    outcome = copy()[NAME]
    assert outcome.status == "different"
    assert here in outcome.note
    assert there in outcome.note
    assert target.load(NAME) == big[1:]
    assert {key.split("/")[-2] for key in target.backend.listed("data/")} == {there}


def test_what_somebody_makes_there_meanwhile_wins(source, target, copy, make_layer, big):
    source.store(NAME, big)
    other = make_layer(target.backend.inner)
    target.backend.before["create"] = lambda key: key.startswith("manifests/") and other.store(NAME, big[1:])
    outcome = copy()[NAME]
    assert outcome.status == "different"
    assert target.load(NAME) == big[1:]
    assert len(target.backend.listed("data/")) == 1


# Damage


def damage(layer, key, data=b"nonsense"):
    layer.backend.put(key, data)


def data_keys(layer):
    return layer.backend.listed("data/")


def test_a_repaired_manifest_is_the_artifacts_manifest(source, target, copy, big):
    source.store(NAME, [1, big])
    damage(source, keys.manifest(NAME))
    repaired = source.writer.commit(NAME, new_attempt(), [2, big], repair=True)
    assert statuses(copy()) == {NAME: "copied"}
    assert target.load(NAME) == [2, big]
    assert target.backend.inner.read(keys.manifest(NAME)) == source.backend.inner.read(repaired.key)
    assert target.backend.listed("repairs/") == []


def test_of_damaged_files_the_repair_is_copied(source, target, copy, big):
    source.store(NAME, {"a": big, "b": big[1:]})
    damage(source, data_keys(source)[1], b"x" * (len(big) - 1))
    repaired = source.writer.commit(NAME, new_attempt(), {"a": big, "b": big[2:]}, repair=True)
    assert statuses(copy()) == {NAME: "copied"}
    assert target.load(NAME)["b"] == big[2:]
    assert {key.split("/")[-2] for key in data_keys(target)} == {repaired.attempt}


def flip(layer, key):
    data = bytearray(layer.backend.inner.read(key))
    data[-1] ^= 1
    damage(layer, key, bytes(data))


@pytest.mark.parametrize("how", ["flipped", "cut", "longer", "missing", "manifest"])
def test_what_is_damaged_at_the_source_is_told_and_not_copied(source, target, copy, big, how):
    source.store(f"{NAME}1", {"a": big, "b": big[1:]})
    source.store(f"{NAME}2", big)
    key = data_keys(source)[1]
    data = source.backend.inner.read(key)
    if how == "flipped":
        flip(source, key)
    elif how == "cut":
        damage(source, key, data[:-1])
    elif how == "longer":
        damage(source, key, data + b"x")
    elif how == "missing":
        source.backend.inner.delete([key])
    else:
        flip(source, keys.manifest(f"{NAME}1"))
    outcomes = copy()
    assert statuses(outcomes) == {f"{NAME}1": "failed", f"{NAME}2": "copied"}
    assert (keys.manifest(f"{NAME}1") if how == "manifest" else key) in outcomes[f"{NAME}1"].note
    assert list(target.list()) == [f"{NAME}2"]
    assert all(key.startswith(f"data/{NAME}2/") for key in data_keys(target))


def test_what_the_network_damaged_is_read_once_more(source, target, copy, big):
    source.store(NAME, big)
    (key,) = data_keys(source)

    def mend(_):
        damage(source, key, big)
        source.backend.before.clear()

    damage(source, key, big[:-1])
    source.backend.after["open"] = lambda key: source.backend.before.setdefault("open", mend)
    notes = Notes()
    assert statuses(copy(notes=notes)) == {NAME: "copied"}
    assert target.load(NAME) == big
    assert notes.moved_bytes == copy()[NAME].size


@pytest.mark.parametrize("how", ["manifest", "missing", "cut"])
def test_what_is_damaged_at_the_target_is_made_good(source, target, copy, big, how):
    source.store(NAME, {"a": big, "b": big[1:]})
    copy()
    if how == "manifest":
        flip(target, keys.manifest(NAME))
    elif how == "missing":
        target.backend.inner.delete([data_keys(target)[0]])
    else:
        damage(target, data_keys(target)[0])
    assert statuses(copy()) == {NAME: "repaired"}
    assert target.load(NAME) == {"a": big, "b": big[1:]}
    assert statuses(copy()) == {NAME: "present"}


def test_another_attempt_that_is_damaged_at_the_target_is_made_good(source, target, copy, big):
    source.store(NAME, big)
    target.store(NAME, big[1:])
    target.backend.inner.delete(data_keys(target))
    assert statuses(copy()) == {NAME: "repaired"}
    assert target.load(NAME) == big
    assert target.backend.listed("repairs/") == [keys.repair(NAME, 1)]


def test_where_both_are_damaged_what_is_sound_there_stays(source, target, copy, big):
    source.store(NAME, {"a": big, "b": big[1:]})
    copy()
    flip(source, data_keys(source)[1])
    target.backend.inner.delete([data_keys(target)[1]])
    kept = data_keys(target)
    assert statuses(copy()) == {NAME: "failed"}
    assert data_keys(target) == kept


def test_a_damaged_record_of_code_is_left_out_and_told(source, target, copy):
    source.writer.commit(NAME, new_attempt(), 1, identity={"code": "c0de"})
    source.writer.record_code("c0de", {"eta": "d1"})
    flip(source, keys.code("c0de"))
    outcome = copy()[NAME]
    assert (outcome.status, "code/c0de.json is truncated or was changed" in outcome.note) == ("copied", True)
    assert target.backend.listed("code/") == []


def test_damage_takes_no_files_from_a_manifest_that_came_meanwhile(source, target, copy, make_layer, big):
    """Another copy, whose source was sound, committed the same attempt while this one read damaged bytes."""
    manifest = source.store(NAME, {"a": big, "b": big[1:]})
    sealed = source.backend.inner.read(keys.manifest(NAME))
    first, second = data_keys(source)
    flip(source, second)

    def committed(key):
        if key == second and not target.exists(NAME):
            target.backend.inner.create(second, big[1:])
            target.backend.inner.create(keys.manifest(NAME), sealed)
            target.backend.inner.delete([second])

    target.backend.before["write"] = committed
    assert statuses(copy()) == {NAME: "failed"}
    assert target.backend.listed("data/") == [first]
    assert target.manifest(NAME).attempt == manifest.attempt


def test_damage_takes_no_files_that_a_damaged_manifest_at_the_target_may_name(source, target, copy, big):
    source.store(NAME, {"a": big, "b": big[1:]})
    copy()
    first, second = data_keys(source)
    flip(source, second)
    target.backend.inner.delete([first, second])
    damage(target, keys.manifest(NAME))
    assert statuses(copy()) == {NAME: "failed"}
    assert data_keys(target) == [first]


def test_what_is_removed_at_the_target_meanwhile_is_copied_and_is_no_repair(source, target, copy, big):
    source.store(NAME, big)
    copy()

    class Removing(Notes):
        def planned(self, inventory):
            target.delete(NAME)

    assert statuses(copy(notes=Removing())) == {NAME: "copied"}
    assert target.load(NAME) == big
    assert target.backend.listed("repairs/") == []


def test_a_source_that_gives_short_pieces_is_copied_whole(source, target, copy, big, monkeypatch):
    source.store(NAME, big)
    opened = source.backend.inner.open

    class Short(io.RawIOBase):
        def __init__(self, inner):
            self.inner = inner

        def readable(self):
            return True

        def read(self, size=-1):
            return self.inner.read(min(size, 999))

        def close(self):
            self.inner.close()
            super().close()

    monkeypatch.setattr(source.backend.inner, "open", lambda *arguments: Short(opened(*arguments)))
    pieces = []
    write = target.backend.inner.write

    def noting(key, stream):  # as a client does that takes a short piece for the last one
        data = stream.read(len(big))
        pieces.append(len(data))
        return write(key, data)

    monkeypatch.setattr(target.backend.inner, "write", noting)
    assert statuses(copy()) == {NAME: "copied"}
    assert pieces == [len(big)]
    assert target.load(NAME) == big


# What a killed copy left


def test_whole_files_that_a_killed_copy_left_are_used(source, target, copy, big):
    source.store(NAME, {"a": big, "b": big[1:]})
    first, second = data_keys(source)
    target.backend.inner.create(first, source.backend.inner.read(first))
    assert statuses(copy()) == {NAME: "copied"}
    assert [key for method, key in target.backend.calls if method == "write"] == [second]
    assert target.load(NAME) == {"a": big, "b": big[1:]}


@pytest.mark.parametrize("left", [b"", b"half", b"\x00" * 102_400])
def test_other_bytes_that_a_crash_left_are_replaced(source, target, copy, big, left):
    source.store(NAME, big)
    target.backend.inner.create(*data_keys(source), left)
    assert statuses(copy()) == {NAME: "copied"}
    assert target.load(NAME) == big


@pytest.mark.parametrize("sound", [True, False])
def test_a_file_that_another_copy_wrote_meanwhile_is_used_if_it_is_whole(source, target, copy, big, sound):
    source.store(NAME, big)
    left = [big if sound else b"half"]
    target.backend.before["write"] = lambda key: left and target.backend.inner.create(key, left.pop())
    assert statuses(copy()) == {NAME: "copied"}
    assert target.load(NAME) == big


def test_a_file_of_another_copy_that_takes_it_away_again_is_sent(source, target, copy, big):
    source.store(NAME, {"a": big, "b": big[1:]})
    first, _ = data_keys(source)
    target.backend.inner.create(first, big)
    target.backend.before["create"] = lambda key: key.startswith("manifests/") and target.backend.inner.delete([first])
    assert statuses(copy()) == {NAME: "copied"}
    assert target.load(NAME) == {"a": big, "b": big[1:]}


def test_a_log_that_is_removed_meanwhile_is_left_out(source, target, copy, big):
    source.store(NAME, big)
    source.backend.write(keys.log(NAME, "failed"), b"no luck\n")
    target.backend.before["write"] = lambda key: source.backend.inner.delete([keys.log(NAME, "failed")])
    assert statuses(copy()) == {NAME: "copied"}
    assert target.backend.listed("logs/") == []


def test_two_copies_at_once_end_well(source, target, make_layer, big):
    names = [f"{NAME}{number}" for number in range(30)]
    for number, name in enumerate(names):
        source.store(name, {"a": big[number:], "b": number})
        source.backend.write(keys.log(name, "failed"), b"no luck\n")
    start = threading.Barrier(3)

    def copy_all():
        layer = make_layer(target.backend)
        start.wait()
        return [outcome.status for outcome in copy_artifacts(source, layer, None, Notes(), jobs=3)]

    with ThreadPoolExecutor(3) as pool:
        for told in [pool.submit(copy_all) for _ in range(3)]:
            assert set(told.result()) <= {"copied", "present"}
    assert objects(target, *ALL) == objects(source, *ALL)


# What stops it


def test_a_failure_does_not_stop_the_others(source, target, copy, big):
    for number in range(5):
        source.store(f"{NAME}{number}", big)

    def refuse(key):
        if f"{NAME}3/" in key:
            raise StorageUnavailable("no answer")

    target.backend.before["write"] = refuse
    outcomes = copy(jobs=1)
    assert [outcome.status for outcome in outcomes.values()].count("copied") == 4
    assert (outcomes[f"{NAME}3"].status, outcomes[f"{NAME}3"].note) == ("failed", "no answer")


@pytest.mark.parametrize("kind", [StorageFull, StoreNotFound, StorageAccessError])
@pytest.mark.parametrize("method", ["write", "create"])
def test_a_target_that_takes_nothing_stops_it(source, target, copy, big, kind, method):
    for number in range(50):
        source.store(f"{NAME}{number}", big)
    target.writer.prepare()
    target.backend.calls.clear()

    def refuse(key):
        raise kind("not here")

    target.backend.before[method] = refuse
    with pytest.raises(kind):
        copy(jobs=1)
    assert len([called for called, _ in target.backend.calls if called == method]) < 5


def test_what_the_source_does_not_let_anybody_read_fails_alone(source, target, copy, big):
    for number in range(3):
        source.store(f"{NAME}{number}", big)

    def refuse(key):
        if f"{NAME}1/" in key:
            raise StorageAccessError("not yours")

    source.backend.before["open"] = refuse
    assert statuses(copy()) == {f"{NAME}0": "copied", f"{NAME}1": "failed", f"{NAME}2": "copied"}


def test_an_odd_manifest_fails_alone(source, target, copy):
    source.store(f"{NAME}1", 1)
    source.store(f"{NAME}2", 2)
    odd = source.manifest(f"{NAME}1").document | {"identity": "text"}
    source.backend.put(keys.manifest(f"{NAME}1"), seal(odd))
    outcomes = copy()
    assert statuses(outcomes) == {f"{NAME}1": "failed", f"{NAME}2": "copied"}
    assert "AttributeError" in outcomes[f"{NAME}1"].note


@pytest.mark.parametrize("error", [RuntimeError("a bug of a plugin"), StorageUnavailable()])
def test_whatever_a_backend_raises_fails_alone_and_is_told(source, target, copy, big, error):
    for number in range(3):
        source.store(f"{NAME}{number}", big)

    def fail(key):
        if f"{NAME}1/" in key:
            raise error

    target.backend.before["write"] = fail
    outcomes = copy()
    assert statuses(outcomes) == {f"{NAME}0": "copied", f"{NAME}1": "failed", f"{NAME}2": "copied"}
    assert outcomes[f"{NAME}1"].note == repr(error)


def test_an_interruption_does_not_wait_for_a_target_that_does_not_answer(source, target, monkeypatch):
    source.store(f"{NAME}1", 1)
    source.store(f"{NAME}2", 2)
    target.writer.prepare()
    monkeypatch.setattr(commit, "pause_before", lambda retry, longest: 3600.0)
    monkeypatch.setattr(commit, "_DEADLINE", 7200.0)
    pausing = threading.Event()

    def silent(key):
        if NAME in key:
            pausing.set()
            raise StorageUnavailable("503")

    class Interrupting(Notes):
        def finished(self, outcome):
            pausing.wait()
            raise KeyboardInterrupt

    source.backend.put(keys.manifest(f"{NAME}1"), b"nonsense")  # it fails, which is told while the other one waits
    target.backend.before["create"] = silent
    with pytest.raises(KeyboardInterrupt):
        copy_artifacts(source, target, None, Interrupting())
    assert not target.exists(f"{NAME}2")


def test_a_target_that_says_it_took_fewer_bytes_is_not_believed(source, target, copy, big, monkeypatch):
    source.store(NAME, big)
    inner, write = target.backend.inner, target.backend.inner.write
    monkeypatch.setattr(inner, "write", lambda key, data: replace(write(key, data), size=len(big) - 1))
    outcome = copy()[NAME]
    assert outcome.status == "failed"
    assert f"took {len(big) - 1} bytes of data/{NAME}/" in outcome.note
    assert list(target.list()) == []


def test_an_interruption_leaves_what_is_whole_and_stops_what_is_on_its_way(source, target, copy, big):
    for number in range(50):
        source.store(f"{NAME}{number}", big)

    class Interrupting(Notes):
        def finished(self, outcome):
            super().finished(outcome)
            if len(self.finished_names) == 7:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(notes=Interrupting(), jobs=2)
    there = list(target.list())
    assert 7 <= len(there) < 20
    assert all(target.load(name) == big for name in there)
    assert not any(thread.name.startswith("copy") for thread in threading.enumerate())
    assert [outcome.status for outcome in copy().values()].count("copied") == 50 - len(there)


def test_what_is_on_its_way_when_it_is_interrupted_leaves_nothing(source, target, copy, big):
    source.store(NAME, big * 100)

    class Interrupting(Notes):
        def moved(self, count):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(notes=Interrupting(), jobs=1)
    assert target.backend.listed("data/") == []
    assert list(target.list()) == []


def test_a_large_file_on_its_way_is_given_up_when_the_copy_is_interrupted(source, target, copy, big):
    source.store(f"{NAME}large", bytes(64 << 20))
    source.store(f"{NAME}small", big)
    on_its_way, interrupted, large = threading.Event(), threading.Event(), set()

    def opened(key):
        if "large" in key:
            large.add(threading.get_ident())
        else:
            on_its_way.wait()

    class Interrupting(Notes):
        def moved(self, count):
            if threading.get_ident() in large:
                on_its_way.set()
                interrupted.wait()

        def finished(self, outcome):
            interrupted.set()
            raise KeyboardInterrupt

    source.backend.before["open"] = opened
    with pytest.raises(KeyboardInterrupt):
        copy(notes=Interrupting(), jobs=2)
    assert list(target.list()) == [f"{NAME}small"]
    assert all("small" in key for key in data_keys(target))


def test_a_target_that_is_not_safe_is_refused_before_anything_is_copied(source, make_layer, faulty, big):
    class Overwriting(MemoryBackend):
        def create(self, key, data):
            self.delete([key])
            return super().create(key, data)

    source.store(NAME, big)
    target = make_layer(faulty(Overwriting()))
    with pytest.raises(UnsafeStore):
        copy_artifacts(source, target, None, Notes())
    assert target.backend.listed() == []


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_store_of_another_format_is_refused(source, target, copy, which):
    source.store(NAME, 1)
    layer = {"source": source, "target": target}[which]
    layer.backend.put(keys.STORE, seal({"format": 9}))
    with pytest.raises(FormatError, match="has format 9"):
        copy()
    assert list(target.list()) == []


def test_a_source_without_artifacts_is_told(copy):
    with pytest.raises(ArtifactNotFound, match="has no artifacts, so there is nothing to copy"):
        copy()


def test_an_artifact_that_is_removed_meanwhile_is_told(source, target, copy):
    source.store(NAME, 1)

    class Removing(Notes):
        def planned(self, inventory):
            source.delete(NAME)

    outcome = copy(notes=Removing())[NAME]
    assert (outcome.status, NAME in outcome.note) == ("failed", True)


# A dry run


def test_a_dry_run_tells_what_would_be_done_and_writes_nothing(source, target, copy, big):
    for number in range(3):
        source.store(f"{NAME}{number}", big)
    target.store(f"{NAME}1", big)
    target.store(f"{NAME}2", big[1:])
    source.backend.write(keys.log(f"{NAME}1", "failed"), b"no luck\n")
    target.backend.calls.clear()
    outcomes = copy(dry_run=True)
    assert [outcomes[f"{NAME}{number}"].status for number in range(3)] == ["copied", "present", "different"]
    assert outcomes[f"{NAME}0"].size > len(big)
    assert written(target) == []
    assert not target.exists(f"{NAME}0")


@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_dry_run_tells_that_what_lost_its_files_would_fail(source, target, copy, big, how):
    source.store(f"{NAME}1", big)
    source.store(f"{NAME}2", big)
    (key, _) = data_keys(source)
    source.backend.inner.delete([key])
    if how == "cut":
        source.backend.inner.create(key, big[1:])
    outcomes = copy(dry_run=True)
    assert statuses(outcomes) == {f"{NAME}1": "failed", f"{NAME}2": "copied"}
    assert f"{key} is missing or has another size" in outcomes[f"{NAME}1"].note
    source.writer.commit(f"{NAME}1", new_attempt(), big, repair=True)
    assert statuses(copy(dry_run=True)) == {f"{NAME}1": "copied", f"{NAME}2": "copied"}


def test_a_dry_run_tells_in_the_order_of_age(source, target, copy):
    names = [f"{NAME}{number:02}" for number in range(20)]
    for number, name in enumerate(names):
        source.store(name, 1)
        then = datetime(2026, 1, 1 + number, tzinfo=UTC).timestamp()
        os.utime(source.backend.local_path(keys.manifest(name)), (then, then))
    second_read = threading.Event()

    def the_first_is_slow(key):
        if names[1] in key:
            second_read.set()
        elif names[0] in key:
            second_read.wait()

    source.backend.before["read"] = the_first_is_slow
    notes = Notes()
    assert list(copy(dry_run=True, notes=notes)) == notes.finished_names == names


# Progress


def test_the_total_is_known_before_anything_is_copied(source, target, copy, big):
    source.store(f"{NAME}1", big)
    source.store(f"{NAME}2", {"a": big, "b": 7})
    notes = Notes()
    outcomes = copy(notes=notes)
    assert sum(notes.inventory.sizes.values()) == sum(outcome.size for outcome in outcomes.values())
    assert notes.moved_bytes == sum(outcome.size for outcome in outcomes.values())
    assert sorted(notes.finished_names) == sorted(outcomes)


def test_the_oldest_is_copied_first(source, target, copy):
    names = [f"{NAME}{letter}" for letter in "cab"]
    for number, name in enumerate(names):
        source.store(name, 1)
        then = datetime(2026, 1, 1 + number, tzinfo=UTC).timestamp()
        os.utime(source.backend.local_path(keys.manifest(name)), (then, then))
    copy(jobs=1)
    created = [key for method, key in target.backend.calls if method == "create"]
    assert [key for key in created if key.startswith("manifests/")] == [keys.manifest(name) for name in names]


def test_logs_are_written_in_the_order_of_their_times(source, target, copy):
    source.store(NAME, 1)
    attempts = ["c", "a", "b"]
    for attempt in attempts:
        source.backend.write(keys.log(NAME, attempt), attempt.encode())
    root = Path(source.backend.inner.root)
    for number, attempt in enumerate(attempts):
        then = datetime(2026, 1, 1 + number, tzinfo=UTC).timestamp()
        os.utime(root / keys.log(NAME, attempt), (then, then))
    copy()
    assert [key[-5] for method, key in target.backend.calls if method == "write"] == attempts


def test_large_files_are_never_in_memory_whole(make_layer, tmp_path):
    first, second = (make_layer(LocalBackend(LocalOptions(tmp_path / place, durability="none"))) for place in "ab")
    first.store(NAME, bytes(64 << 20))
    tracemalloc.start()
    try:
        copy_artifacts(first, second, None, Notes())
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_an_integrity_error_names_the_store(source, target, copy, big):
    source.store(NAME, big)
    flip(source, *data_keys(source))
    assert f"{source.backend.url}/data/" in copy()[NAME].note
    with pytest.raises(IntegrityError):
        source.load(NAME)
