"""Pickles: loaded only if a known key signed the manifest; what is not trusted never executes."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError, SerializationError, UntrustedPickleError
from datanectar.layer import keys, signing
from datanectar.layer.manifest import open_seal, seal, unseal
from datanectar.layer.signing import key_path
from datanectar.layer.user_directories import configuration_directory

SECRET = "a secret of at least thirty-two bytes"
OTHER = "another one of at least thirty-two bytes"

executed: list[str] = []


def execute(filling: str) -> None:
    executed.append(filling)


class Payload:
    """Leaves a trace when it is unpickled."""

    def __init__(self, filling: str = "") -> None:
        self.filling = filling

    def __reduce__(self):
        return execute, (self.filling,)


@pytest.fixture(autouse=True)
def traces() -> list[str]:
    executed.clear()
    return executed


SIZES = pytest.mark.parametrize("filling", ["small", "x" * 100_000], ids=["inline", "file"])


def forge(backend, artifact, /, **changes):
    """Changes a manifest and seals it again, as anyone can who may write to the store."""
    key = keys.manifest(artifact)
    document = open_seal(backend.inner.read(key), key, "")
    for field, value in changes.items():
        if value is None:
            del document[field]
        else:
            document[field] = value
    backend.put(key, seal(document))


def refused(layer, name):
    with pytest.raises(UntrustedPickleError, match="is a pickle") as caught:
        layer.load(name)
    assert executed == []
    return str(caught.value)


@SIZES
def test_a_pickle_that_was_signed_here_is_loaded(layer, name, filling, traces):
    layer.store(name, Payload(filling))
    layer.load(name)
    assert traces == [filling]


@SIZES
def test_an_unsigned_pickle_is_refused_with_the_ways_out(layer, backend, name, filling):
    layer.store(name, Payload(filling))
    forge(backend, name, signature=None)
    message = refused(layer, name)
    removal = f"remove it with `datanectar rm {name}` and run the task here"
    for way in ("DATANECTAR_SIGNING_KEY", "signing_keys", 'pickle = "always"', removal):
        assert way in message


@pytest.mark.parametrize(
    "signature",
    [{}, {"key": "", "hmac": ""}, {"hmac": "0" * 64}, {"key": "0" * 16, "hmac": "0" * 64}, [], "signed", 1, None],
)
def test_a_forged_signature_is_refused(layer, backend, name, signature):
    layer.store(name, Payload())
    forge(backend, name, signature=signature)
    refused(layer, name)


def test_a_signature_with_the_right_key_id_and_another_hmac_is_refused(layer, backend, name):
    record = layer.store(name, Payload())
    forge(backend, name, signature=record.document["signature"] | {"hmac": "é" * 64})
    refused(layer, name)


@SIZES
def test_a_pickle_signed_with_another_key_is_refused(backend, make_layer, monkeypatch, name, filling):
    monkeypatch.setenv(signing.VARIABLE, OTHER)
    make_layer(backend).store(name, Payload(filling))
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    refused(make_layer(backend), name)


def test_a_key_without_its_secret_is_not_enough(backend, make_layer, monkeypatch, name):
    """The key's id is in every manifest, so it can be copied."""
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    signed = make_layer(backend).store(name, Payload())
    monkeypatch.setenv(signing.VARIABLE, OTHER)
    make_layer(backend).store(name + "2", Payload())
    other = unseal(backend.inner.read(keys.manifest(name + "2")), "", name + "2")
    forge(backend, name + "2", signature=other.document["signature"] | {"key": signed.document["signature"]["key"]})
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    refused(make_layer(backend), name + "2")


@SIZES
def test_a_signed_pickle_under_another_artifacts_name_is_refused(layer, backend, name, filling):
    victim = name + "2"
    record = layer.store(name, Payload(filling))
    backend.put(keys.manifest(victim), backend.inner.read(keys.manifest(name)))
    for key in backend.listed("data/"):
        backend.put(key.replace(name, victim), backend.inner.read(key))
    with pytest.raises(ValueError, match="another artifact"):
        layer.load(victim)
    forge(backend, victim, name=victim)
    refused(layer, victim)
    assert record.name == name


@pytest.mark.parametrize("change", ["attempt", "value", "digest"])
def test_the_signature_covers(layer, backend, name, change):
    layer.store(name, [Payload("x" * 100_000), object])
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    if change == "attempt":
        forge(backend, name, attempt="0" * 24)
    elif change == "value":
        forge(backend, name, value={"tuple": document["value"]["list"]})
    else:
        files = document["files"]
        files[1] = files[0]
        forge(backend, name, files=files)
    refused(layer, name)


@SIZES
def test_a_changed_serializer_does_not_make_a_pickle_of_text(layer, backend, name, filling):
    import pickle

    data = pickle.dumps(Payload(filling)).decode("latin-1").encode("latin-1")
    layer.store(name, data)
    forge(backend, name, value={"file": 0, "serializer": "pickle"})
    refused(layer, name)


@SIZES
def test_bytes_put_in_place_of_a_signed_pickle_never_execute(layer, backend, name, filling):
    import base64
    import pickle

    layer.store(name, object, serializer="pickle")
    evil = pickle.dumps(Payload(filling))
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    entry = document["files"][0]
    entry.pop("text", None)
    forge(backend, name, files=[entry | {"base64": base64.b64encode(evil).decode()}])
    with pytest.raises(ValueError, match="is damaged"):
        layer.load(name)
    assert executed == []


def test_a_large_pickle_that_was_replaced_never_executes(layer, backend, name):
    import pickle

    layer.store(name, Payload("x" * 100_000))
    layer.load(name)
    executed.clear()
    (key,) = backend.listed("data/")
    backend.put(key, pickle.dumps(Payload("y" * 100_000)))
    with pytest.raises(ValueError, match="is damaged"):
        layer.load(name)
    assert executed == []


def test_only_the_parts_that_are_pickles_need_trust(layer, backend, name):
    layer.store(name, {"rows": 3, "model": Payload()})
    forge(backend, name, signature=None)
    assert layer.reader.load_part(name, ("rows",)) == 3
    refused(layer, name)


def test_values_that_execute_nothing_are_not_signed(layer, name):
    assert "signature" not in layer.store(name, {"a": 1}).document
    assert not key_path().exists()


# The policy of a store


def test_always_loads_what_is_unsigned(layer, backend, make_layer, name, traces):
    layer.store(name, Payload("x"))
    forge(backend, name, signature=None)
    make_layer(backend, pickle="always").load(name)
    assert traces == ["x"]


def test_never_refuses_to_load_what_is_signed(layer, backend, make_layer, name):
    layer.store(name, Payload())
    message = refused(make_layer(backend, pickle="never"), name)
    assert 'pickle = "never"' in message
    assert "signing_keys" not in message  # a key would change nothing


@pytest.mark.parametrize("serializer", [None, "pickle"])
def test_never_refuses_to_store(backend, make_layer, name, serializer):
    layer = make_layer(backend, pickle="never")
    with pytest.raises(SerializationError, match='ruled out by pickle = "never"'):
        layer.store(name, object(), serializer=serializer)
    assert backend.listed() == [keys.STORE]
    layer.store(name, {"plain": (1, 2)})
    assert layer.load(name) == {"plain": (1, 2)}


# Keys


def test_a_shared_secret_in_the_environment_signs_and_verifies(backend, make_layer, monkeypatch, name, traces):
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    make_layer(backend).store(name, Payload("x"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.cwd() / "another-machine"))
    make_layer(backend).load(name)
    assert traces == ["x"]
    assert not key_path().exists()


def test_the_first_of_several_keys_signs_and_all_verify(backend, make_layer, monkeypatch, name, traces):
    Path("shared.key").write_text(OTHER + "\n")
    monkeypatch.setenv("TEAM_KEY", SECRET)
    make_layer(backend, ("env:TEAM_KEY",)).store(name, Payload("old"))
    rotated = make_layer(backend, ("file:shared.key", "env:TEAM_KEY"))
    rotated.store(name + "2", Payload("new"))
    rotated.load(name)
    make_layer(backend, ("file:shared.key",)).load(name + "2")
    assert traces == ["old", "new"]
    refused_layer = make_layer(backend, ("file:shared.key",))
    executed.clear()
    refused(refused_layer, name)


@pytest.mark.parametrize("shared", ["variable", "signing_keys"])
def test_a_key_that_is_shared_from_now_on_leaves_readable_what_the_own_key_signed(
    backend, make_layer, monkeypatch, name, traces, shared
):
    own = make_layer(backend).store(name, Payload("own"))
    Path("shared.key").write_text(OTHER)
    if shared == "variable":
        monkeypatch.setenv(signing.VARIABLE, OTHER)
    layer = make_layer(backend, ("file:shared.key",) if shared == "signing_keys" else ())
    layer.load(name)
    new = layer.store(name + "2", Payload("shared"))
    assert traces == ["own"]
    assert new.document["signature"]["key"] != own.document["signature"]["key"]


def test_the_variable_signs_and_the_configured_keys_still_verify(backend, make_layer, monkeypatch, name, traces):
    Path("shared.key").write_text(OTHER)
    make_layer(backend, ("file:shared.key",)).store(name, Payload("x"))
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    layer = make_layer(backend, ("file:shared.key",))
    layer.load(name)
    layer.store(name + "2", Payload("y"))
    make_layer(backend).load(name + "2")
    assert traces == ["x", "y"]


@pytest.mark.parametrize("references", [(), ("file:shared.key",)])
def test_the_own_key_is_not_made_to_verify(backend, make_layer, monkeypatch, name, references):
    Path("shared.key").write_text(OTHER)
    monkeypatch.setenv(signing.VARIABLE, SECRET)
    make_layer(backend).store(name, Payload())
    monkeypatch.delenv(signing.VARIABLE)
    refused(make_layer(backend, references), name)
    assert not key_path().exists()


def test_an_own_key_that_is_made_later_verifies_at_once(backend, make_layer, name, traces):
    layer = make_layer(backend)
    layer.store(name, Payload("x"))
    kept = key_path().read_bytes()
    key_path().unlink()
    refused(layer, name)
    key_path().write_bytes(kept)
    layer.load(name)
    assert traces == ["x"]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:ABSENT", "variable ABSENT is not set"),
        ("file:absent.key", "absent.key cannot be read: No such file"),
        ("file:short.key", "short.key: a signing key has at least 32 bytes; this has 5"),
        ("env:SHORT", "SHORT: a signing key has at least 32 bytes; this has 5"),
        (SECRET, "write env:NAME or file:PATH"),
    ],
)
def test_a_key_that_is_of_no_use_is_told_without_being_shown(
    backend, make_layer, monkeypatch, name, reference, words, big
):
    monkeypatch.setenv("SHORT", "short")
    Path("short.key").write_text("short")
    with pytest.raises(ConfigurationError, match=words) as caught:
        make_layer(backend, (reference,)).store(name, {"a": big, "b": object})
    assert SECRET not in str(caught.value)
    assert backend.listed() == [keys.STORE]


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_secret_that_is_too_short_is_refused(layer, monkeypatch, name, secret):
    monkeypatch.setenv(signing.VARIABLE, secret)
    with pytest.raises(ConfigurationError, match=f"DATANECTAR_SIGNING_KEY: .*this has {len(secret)}"):
        layer.store(name, object)


def test_the_users_own_key_is_made_on_first_use_and_for_the_user_only(layer, name):
    layer.store(name, object)
    path = key_path()
    assert path.parent == configuration_directory() == Path(os.environ["XDG_CONFIG_HOME"]) / "datanectar"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_bytes()) >= 32
    assert list(path.parent.iterdir()) == [path]


def test_the_users_own_key_stays(backend, make_layer, name, traces):
    make_layer(backend).store(name, Payload("x"))
    first = key_path().read_bytes()
    make_layer(backend).load(name)
    assert key_path().read_bytes() == first
    assert traces == ["x"]


def test_a_home_that_cannot_keep_a_key_is_told_with_the_way_out(backend, make_layer, monkeypatch, tmp_path, name, big):
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    layer = make_layer(backend)
    with pytest.raises(ConfigurationError, match=r"cannot be kept in .*Set DATANECTAR_SIGNING_KEY"):
        layer.store(name, {"a": big, "b": object})
    assert backend.listed() == [keys.STORE]


def test_an_empty_key_file_is_refused(layer, name):
    key_path().parent.mkdir(parents=True)
    key_path().write_text("")
    with pytest.raises(ConfigurationError, match="this has 0"):
        layer.store(name, object)


KEY_MAKER = """
import sys
from datanectar.layer.signing import _own_key
print("ready", flush=True)
sys.stdin.readline()
print(_own_key().decode())
"""


def test_processes_that_make_the_key_at_once_agree_on_it():
    makers = [
        subprocess.Popen([sys.executable, "-c", KEY_MAKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert {maker.stdout.readline() for maker in makers} == {"ready\n"}
    for maker in makers:
        maker.stdin.write("go\n")
        maker.stdin.flush()
    made = {maker.communicate()[0].strip() for maker in makers}
    assert made == {key_path().read_text()}
    assert list(key_path().parent.iterdir()) == [key_path()]


def test_a_signature_does_not_depend_on_the_store(layer, make_layer, faulty, backend, name, traces):
    """A copy of an artifact keeps its signature."""
    layer.store(name, Payload("x"))
    copy = faulty()
    for key in backend.listed():
        copy.put(key, backend.inner.read(key))
    make_layer(copy).load(name)
    assert traces == ["x"]
