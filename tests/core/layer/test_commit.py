"""The outcome of a commit, decided by what is really there, and the probe of a store."""

import json
import warnings

import pytest

from datanectar.errors import (
    AlreadyExists,
    CommitUnknown,
    FormatError,
    IntegrityError,
    StorageAccessError,
    StorageError,
    StorageFull,
    StorageUnavailable,
    UnsafeStore,
)
from datanectar.layer import keys
from datanectar.layer.commit import create_once, prepare_store
from datanectar.layer.manifest import open_seal, seal
from datanectar.layer.writing import DifferentResult
from datanectar.storages.memory import MemoryBackend

pytestmark = pytest.mark.usefixtures("hurry")


def times(count, error):
    """Raises `error` the first `count` times."""
    left = [count]

    def act(key):
        if key.startswith("manifests/") and left[0]:
            left[0] -= 1
            raise error

    return act


def always(error):
    return times(10**9, error)


@pytest.fixture
def prepared(backend, layer):
    """A layer whose store was probed, so that what fails is the commit."""
    layer.writer.prepare()
    backend.calls.clear()
    return layer


# The table of outcomes


def test_created_is_won(prepared, backend, name):
    record = prepared.store(name, 1)
    assert backend.calls == [("create", keys.manifest(name))]
    assert prepared.manifest(name).attempt == record.attempt


@pytest.mark.parametrize("reply", [StorageUnavailable("reset"), AlreadyExists("412")])
def test_a_lost_reply_is_won(prepared, backend, name, big, reply):
    backend.after["create"] = times(1, reply)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = prepared.store(name, big)
    assert record.attempt == prepared.manifest(name).attempt
    assert prepared.load(name) == big
    assert len([call for call in backend.calls if call[0] == "create" and "manifests" in call[1]]) == 1


def test_another_attempt_wins_and_the_losers_files_are_dropped(prepared, backend, name, big):
    winner = prepared.store(name, big)
    before = backend.listed()
    loser = prepared.store(name, big)
    assert (loser.attempt, loser.key) == (winner.attempt, winner.key)
    assert backend.listed() == before


def test_a_loser_with_other_bytes_is_told_and_the_first_result_stays(prepared, backend, name, big):
    winner = prepared.store(name, big)
    before = backend.listed()
    with pytest.warns(DifferentResult, match=f"{name} was stored by another attempt.*{winner.attempt}") as caught:
        record = prepared.store(name, big + b"!")
    assert caught[0].filename == __file__
    assert record.attempt == winner.attempt
    assert prepared.load(name) == big
    assert backend.listed() == before


def test_a_warning_that_is_an_error_leaves_no_files_either(prepared, backend, name, big):
    prepared.store(name, big)
    before = backend.listed()
    with pytest.raises(DifferentResult):
        prepared.store(name, big + b"!")
    assert backend.listed() == before


def test_a_store_that_answers_in_the_end_is_won(prepared, backend, name, big):
    backend.before["create"] = times(2, StorageUnavailable("503 SlowDown"))
    record = prepared.store(name, big)
    assert prepared.load(name) == big
    assert record.attempt == prepared.manifest(name).attempt


def test_a_store_that_also_fails_to_read_back_is_asked_again(prepared, backend, name):
    backend.before["create"] = times(2, StorageUnavailable("503"))
    backend.before["read"] = times(1, StorageUnavailable("503"))
    prepared.store(name, 1)
    assert prepared.load(name) == 1


def test_exists_of_an_absent_key_is_never_taken_for_lost(prepared, backend, name):
    backend.before["create"] = times(2, AlreadyExists("409 ConditionalRequestConflict, mistaken"))
    prepared.store(name, 1)
    assert prepared.load(name) == 1


@pytest.mark.parametrize("error", [StorageUnavailable("503"), AlreadyExists("412 of an absent key")])
def test_a_store_that_never_answers_leaves_the_outcome_open_and_every_file_in_place(
    prepared, backend, name, big, error
):
    backend.before["create"] = always(error)
    with pytest.raises(CommitUnknown, match="Nothing was deleted: run again") as caught:
        prepared.store(name, big)
    assert caught.value.__cause__ is error
    assert len(backend.listed("data/")) == 1
    assert ("delete", backend.listed("data/")[0]) not in backend.calls


def test_after_an_open_outcome_a_plain_new_run_succeeds(prepared, backend, name, big):
    backend.before["create"] = always(StorageUnavailable("503"))
    with pytest.raises(CommitUnknown):
        prepared.store(name, big)
    backend.before.clear()
    prepared.store(name, big)
    assert prepared.load(name) == big


@pytest.mark.parametrize("error", [StorageAccessError("403 Forbidden"), StorageFull("quota")])
def test_a_clear_refusal_fails_at_once_and_leaves_no_files(prepared, backend, name, big, error):
    backend.before["create"] = always(error)
    with pytest.raises(type(error)) as caught:
        prepared.store(name, big)
    assert caught.value is error
    assert [call for call in backend.calls if call[0] == "create"] == [("create", keys.manifest(name))]
    assert backend.listed() == [keys.STORE]


def test_a_refusal_after_the_deed_deletes_nothing(prepared, backend, name, big):
    backend.after["create"] = times(1, StorageFull("no room to sync the directory"))
    with pytest.raises(StorageFull):
        prepared.store(name, big)
    assert prepared.load(name) == big


def test_other_errors_of_a_store_pass_through(prepared, backend, name):
    backend.before["create"] = always(StorageError("501 NotImplemented"))
    with pytest.raises(StorageError, match="501"):
        prepared.store(name, 1)
    assert not prepared.exists(name)


def test_a_loser_whose_files_cannot_be_dropped_is_no_failure(prepared, backend, name, big):
    winner = prepared.store(name, big)
    backend.before["delete"] = lambda key: (_ for _ in ()).throw(StorageUnavailable("503"))
    assert prepared.store(name, big).attempt == winner.attempt


def test_what_stands_is_returned_not_what_was_offered():
    backend = MemoryBackend()
    assert create_once(backend, "k", b"mine") == b"mine"
    assert create_once(backend, "k", b"other") == b"mine"


# The probe


class Overwriting(MemoryBackend):
    """A store that ignores the condition, as some "S3" do."""

    def create(self, key, data):
        self.delete([key])
        return super().create(key, data)


class Refusing(Overwriting):
    """Says that the key is taken, and overwrites it all the same."""

    def create(self, key, data):
        taken = self.stat(key) is not None
        super().create(key, data)
        if taken:
            raise AlreadyExists(key)


@pytest.mark.parametrize("lying", [Overwriting, Refusing])
def test_a_store_that_overwrites_is_refused_before_the_first_write(make_layer, name, lying):
    backend = lying()
    with pytest.raises(UnsafeStore, match="unsafe_single_writer = true"):
        make_layer(backend).store(name, 1)
    assert list(backend.list("")) == []


def test_a_single_writer_may_go_on_with_such_a_store(make_layer, name):
    backend = Overwriting()
    layer = make_layer(backend, unsafe_single_writer=True)
    layer.store(name, 1)
    assert layer.load(name) == 1
    with pytest.raises(UnsafeStore):  # nothing was noted that would let others in
        make_layer(backend).store(name, 2)


def test_a_store_is_probed_once_ever(backend, make_layer, name):
    for number in range(3):
        make_layer(backend).store(f"{name}{number}", number)
    probes = [key for method, key in backend.calls if method == "create" and key.startswith("probes/")]
    assert len(probes) == 2
    assert backend.listed("probes/") == []
    assert open_seal(backend.inner.read(keys.STORE), keys.STORE, "") == {"format": 1, "create": True}


def test_one_layer_asks_for_the_answer_once(layer, backend, name):
    for number in range(3):
        layer.store(f"{name}{number}", number)
    assert backend.calls.count(("read", keys.STORE)) == 1


@pytest.mark.parametrize("reply", [StorageUnavailable("reset"), AlreadyExists("412")])
@pytest.mark.parametrize("which", [1, 2])
def test_a_probe_whose_reply_is_lost_is_still_right(faulty, make_layer, name, reply, which):
    backend = faulty()
    probes = []

    def lose(key):
        if key.startswith("probes/"):
            probes.append(key)
            if len(probes) == which:
                raise reply

    backend.after["create"] = lose
    make_layer(backend).store(name, 1)
    assert backend.listed("probes/") == []


def test_who_may_not_remove_anything_can_still_commit(faulty, make_layer, name):
    def forbid(key):
        raise StorageAccessError(f"write-once credentials: {key}")

    backend = faulty()
    backend.before["delete"] = forbid
    make_layer(backend).store(name, 1)
    assert make_layer(backend).load(name) == 1


def test_a_probe_that_is_refused_is_told_by_what_was_refused_first(faulty, make_layer, name):
    def forbid(what):
        def refuse(key):
            raise StorageAccessError(f"cannot {what} {key}")

        return refuse

    backend = faulty()
    backend.before = {"create": forbid("create"), "delete": forbid("delete")}
    with pytest.raises(StorageAccessError, match="cannot create probes/"):
        make_layer(backend).store(name, 1)


def test_readers_never_write(faulty, make_layer, disk, name, big):
    writer = make_layer(disk)
    writer.store(name, {"a": big, "b": 1})
    writer.alias(name, "champion")

    def forbid(key):
        raise StorageAccessError(f"read-only credentials: {key}")

    backend = faulty(disk)
    backend.before = {"write": forbid, "create": forbid, "delete": forbid}
    reader = make_layer(backend)
    assert reader.load(name) == {"a": big, "b": 1}
    assert reader.exists(name)
    assert reader.exists_many([name, name + "2"]) == {name: True, name + "2": False}
    assert list(reader.list()) == [name]
    assert reader.manifest(name).size > len(big)
    assert reader.resolve("train_model/classifier/eta@champion") == name
    assert reader.logs(name) == {}
    with pytest.raises(StorageAccessError):
        reader.store(name + "2", 1)


def test_two_processes_may_probe_at_once(faulty):
    backend = faulty()

    def probed_by_another(key):
        if key.startswith("probes/") and not backend.listed(keys.STORE):
            prepare_store(backend.inner)

    backend.before["create"] = probed_by_another
    prepare_store(backend)
    assert backend.listed() == [keys.STORE]


# The store's own record


def test_a_store_of_a_newer_release_is_not_written_to(layer, backend, name):
    backend.put(keys.STORE, seal({"format": 2, "create": True}))
    with pytest.raises(FormatError, match=r"datanectar.json has format 2.*pip install -U datanectar-core"):
        layer.store(name, 1)
    assert backend.listed() == [keys.STORE]


def test_a_damaged_record_is_told_with_the_remedy_and_removing_it_mends_the_store(prepared, backend, make_layer, name):
    backend.put(keys.STORE, backend.inner.read(keys.STORE).replace(b"1", b"2"))
    with pytest.raises(IntegrityError, match=r"datanectar.json is truncated or was changed.*Remove it"):
        make_layer(backend).store(name, 1)
    backend.inner.delete([keys.STORE])
    make_layer(backend).store(name, 1)
    assert json.loads(backend.inner.read(keys.STORE))["create"] is True
