"""What tasks talk to: names, listing, removal."""

import pickle

import pytest

import datanectar as dn
from datanectar.errors import ArtifactNotFound, InvalidKey
from datanectar.layer import keys
from datanectar.layer.manifest import open_seal, seal
from datanectar.layer.writing import new_attempt


def test_what_is_stored_exists_and_comes_back(layer, name):
    assert not layer.exists(name)
    layer.store(name, {"a": (1, 2)})
    assert layer.exists(name)
    assert layer.load(name) == {"a": (1, 2)}


def test_each_load_gives_a_value_of_its_own(layer, name):
    layer.store(name, [1])
    layer.load(name).append(2)
    assert layer.load(name) == [1]


def test_names_are_listed_in_order_from_a_prefix_on(layer):
    for name in ("b/x", "a/y", "a/x", "a/xx/z", "ab"):
        layer.store(name, None)
    assert list(layer.list()) == ["a/x", "a/xx/z", "a/y", "ab", "b/x"]
    assert list(layer.list("a/x")) == ["a/x", "a/xx/z"]
    assert list(layer.list("c")) == []


def test_a_uri_and_its_name_are_two_ways_to_say_one_thing(layer, backend, name):
    assert layer.uri(name) == f"{backend.url}/manifests/{name}.json"
    assert layer.name_of(layer.uri(name)) == name
    assert layer.name_of(name) == name


@pytest.mark.parametrize("wrong", ["", "a//b", "../a", "A", "a b", "s3://other/manifests/a.json"])
def test_what_is_no_name_is_refused_everywhere(layer, wrong):
    uses = (layer.load, layer.exists, layer.manifest, layer.uri, layer.delete, layer.link, layer.local_path)
    for use in (*uses, layer.logs, layer.resolve, layer.name_of):
        with pytest.raises(InvalidKey, match="is not an artifact name"):
            use(wrong)


def test_a_deleted_artifact_is_gone_with_all_its_files(layer, backend, name, big):
    layer.store(name, big)
    layer.writer.write_log(name, new_attempt(), b"log")
    layer.writer.commit(name, new_attempt(), big, repair=True)
    layer.delete(name)
    assert backend.listed() == [keys.STORE]
    assert not layer.exists(name)
    with pytest.raises(ArtifactNotFound):
        layer.delete(name)


def test_a_deleted_artifact_is_absent_from_the_first_moment_on(layer, backend, name, big):
    layer.store(name, big)
    backend.calls.clear()
    layer.delete(name)
    deleted = [key for method, key in backend.calls if method == "delete"]
    assert deleted[0] == keys.manifest(name)
    assert len(deleted) == 2


def test_deleting_leaves_the_files_of_whoever_makes_the_artifact_anew(layer, make_layer, backend, name, big):
    """The other commits once the old manifest is gone, and before what is to be deleted is listed."""
    layer.store(name, big)
    other = make_layer(backend.inner)
    made = []

    def made_anew(key):
        if key.startswith("data/") and not made:
            made.append(other.store(name, b"new" + big))

    backend.before["list"] = made_anew
    layer.delete(name)
    assert layer.exists(name)
    assert layer.load(name) == b"new" + big
    assert backend.listed("data/") == [keys.data(name, made[0].attempt, 0, "bin")]


def test_deleting_leaves_the_files_and_logs_of_what_a_copy_brings_back(layer, backend, name, big):
    """The same attempt is there again once its manifest was removed, and before its files are."""
    layer.store(name, big)
    layer.writer.write_log(name, new_attempt(), b"log")
    sealed, before = backend.inner.read(keys.manifest(name)), backend.listed()

    def brought_back(key):
        if key.startswith("data/"):
            backend.inner.create(keys.manifest(name), sealed)

    backend.after["list"] = brought_back
    layer.delete(name)
    assert backend.listed() == before
    assert layer.load(name) == big


def test_what_a_copy_brings_back_while_its_files_are_deleted_is_deleted_too(layer, backend, name, big):
    layer.store(name, {"a": big, "b": big[1:]})
    sealed = backend.inner.read(keys.manifest(name))

    def brought_back(key):
        if key.startswith("data/") and not layer.exists(name):
            backend.inner.create(keys.manifest(name), sealed)

    backend.before["delete"] = brought_back
    layer.delete(name)
    assert backend.listed() == [keys.STORE]


def test_deleting_leaves_the_files_of_an_attempt_that_has_not_committed_yet(layer, backend, name, big):
    record = layer.store(name, big)
    pending = keys.data(name, new_attempt(), 0, "bin")
    backend.inner.create(pending, big)
    layer.delete(name)
    assert backend.listed() == [pending, keys.STORE]
    assert record.attempt not in pending


def _create_after(store, key, data, earlier):
    """Creates an object that is newer than another by the store's clock, which may tick slowly."""
    while True:
        store.create(key, data)
        if store.stat(key).modified > store.stat(earlier).modified:
            return key
        store.delete([key])


@pytest.mark.parametrize("damage", ["nonsense", "of another", "of another format"])
def test_a_damaged_artifact_is_deleted_with_its_files_but_not_with_newer_ones(layer, backend, name, big, damage):
    layer.store(name, big)
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    layer.writer.commit(name, new_attempt(), big, repair=True)
    backend.put(keys.repair(name, 1), b"nonsense")
    if damage == "nonsense":
        backend.put(keys.manifest(name), b"nonsense")
    elif damage == "of another":
        backend.put(keys.manifest(name), seal(document | {"name": "another"}))
    else:
        backend.put(keys.manifest(name), seal(document | {"format": 2}))
    pending = _create_after(backend.inner, keys.data(name, new_attempt(), 0, "bin"), big, keys.manifest(name))
    layer.delete(name)
    assert backend.listed() == [pending, keys.STORE]


def test_an_artifact_whose_name_goes_on_keeps_its_files(layer, name, big):
    longer = f"{name}/more"
    for each in (name, longer):
        layer.store(each, big)
        layer.writer.write_log(each, new_attempt(), b"log")
    layer.delete(name)
    assert layer.load(longer) == big
    assert len(layer.logs(longer)) == 1


def test_a_deleted_artifact_can_be_stored_again(layer, name, big):
    layer.store(name, big)
    layer.delete(name)
    layer.store(name, big + b"!")
    assert layer.load(name) == big + b"!"


def test_a_layer_travels_as_its_reference(tmp_path):
    url = (tmp_path / "store").as_uri()
    with dn.settings(storage_layer=url):
        layer = dn.storage_layer()
        layer.store("a/b", 1)
        data = pickle.dumps(layer)
    assert len(data) < 200 + len(url)
    with dn.settings(storage_layer="memory://"):
        assert pickle.loads(data).load("a/b") == 1


def test_a_layer_says_what_it_is(layer):
    assert repr(layer).startswith("StorageLayer('test', ")
