"""The manifest: one seal over all of it, and nothing in it is taken on trust."""

import json
import string
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.errors import FormatError, IntegrityError, SerializationError
from datanectar.layer import keys
from datanectar.layer.manifest import inline_file, open_seal, seal, unseal

NAME = "a/b/c"
KEY = keys.manifest(NAME)
DOCUMENT = {
    "format": 1,
    "name": NAME,
    "attempt": "0f" * 12,
    "files": [{"size": 2, "sha256": "ab" * 32, "extension": "json", "text": "42"}],
    "value": {"file": 0, "serializer": "json"},
    "started": "2013-01-31T00:00:00.000+00:00",
    "seconds": 0.5,
    "host": "here",
    "python": "3.13.0",
    "identity": {"parameters": {"naïve \ud800": float(1)}},
    "inputs": [],
}
SEALED = seal(DOCUMENT)


def test_what_was_sealed_is_read():
    manifest = unseal(SEALED, KEY, NAME)
    assert manifest.document == DOCUMENT
    assert (manifest.name, manifest.attempt, manifest.size, manifest.seconds) == (NAME, "0f" * 12, 2, 0.5)
    assert manifest.identity == DOCUMENT["identity"]
    assert manifest.started == DOCUMENT["started"]
    assert manifest.digests == [(2, "ab" * 32)]
    assert NAME in repr(manifest)


def test_the_last_member_is_the_hash_of_the_bytes_before_it():
    assert list(json.loads(SEALED))[-1] == "sha256"
    assert json.loads(SEALED) == DOCUMENT | {"sha256": json.loads(SEALED)["sha256"]}


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_any_changed_byte_breaks_the_seal(place, change):
    data = bytearray(SEALED)
    data[place] ^= change
    with pytest.raises(IntegrityError, match="seal is broken") as caught:
        unseal(bytes(data), KEY, NAME)
    assert caught.value.key == KEY
    assert "datanectar rm" in str(caught.value)


@given(st.integers(0, len(SEALED) - 1))
def test_a_truncated_manifest_is_refused(length):
    with pytest.raises(IntegrityError, match="truncated"):
        unseal(SEALED[:length], KEY, NAME)


@given(st.binary(min_size=1, max_size=200), st.booleans())
def test_an_extended_manifest_is_refused(more, before):
    with pytest.raises(IntegrityError):
        unseal(more + SEALED if before else SEALED + more, KEY, NAME)


@given(st.binary(max_size=400))
def test_bytes_of_anything_else_are_refused(data):
    with pytest.raises(IntegrityError):
        unseal(data, KEY, NAME)


def test_a_manifest_of_a_newer_format_says_what_to_install():
    with pytest.raises(FormatError, match=rf"{KEY} has format 2.*this release reads format 1: pip install -U"):
        unseal(seal(DOCUMENT | {"format": 2}), KEY, NAME)


def test_the_manifest_of_another_artifact_is_refused():
    with pytest.raises(IntegrityError, match="another artifact, a/b/c"):
        unseal(SEALED, keys.manifest("a/b/d"), "a/b/d")


def file(**changes):
    return {"files": [DOCUMENT["files"][0] | changes]}


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"attempt": 3},
        {"files": None},
        {"files": [None]},
        {"value": []},
        {"started": None},
        {"started": "yesterday"},
        {"host": None},
        {"python": 3},
        {"value": {"dict": [[{"$float": "x"}, {"file": 0, "serializer": "json"}]]}},
        {"seconds": "long"},
        file(size="2"),
        file(sha256=None),
        file(sha256="AB" * 32),
        file(sha256="../../../home"),
        file(extension=None),
        file(extension="../bashrc"),
        file(extension="x/y"),
        file(text=3),
        file(base64=3),
        {"value": {}},
        {"value": {"file": 1, "serializer": "json"}},
        {"value": {"file": -1, "serializer": "json"}},
        {"value": {"file": True, "serializer": "json"}},
        {"value": {"file": "0", "serializer": "json"}},
        {"value": {"file": 0}},
        {"value": {"dict": {}}},
        {"value": {"dict": [["a"]]}},
        {"value": {"tuple": [3]}},
        {"value": {"list": [{"file": 9, "serializer": "json"}]}},
        {"details": 1},
        {"details": "x"},
    ],
    ids=str,
)
def test_a_sealed_document_that_is_no_manifest_is_refused(change):
    with pytest.raises(IntegrityError, match="sealed but not a manifest"):
        unseal(seal(DOCUMENT | change), KEY, NAME)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.printable),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(DOCUMENT)), json_values)
def test_whatever_a_sealed_document_holds_the_error_is_typed(field, value):
    try:
        unseal(seal(DOCUMENT | {field: value}), KEY, NAME)
    except (IntegrityError, FormatError):
        pass


@pytest.mark.parametrize("body", [b"[", b"nonsense", b'{"a":' + b"[" * 100_000])
def test_a_seal_around_no_json_is_refused(body):
    data = body + b',"sha256":"' + sha256(body).hexdigest().encode() + b'"}'
    with pytest.raises(IntegrityError, match="not JSON"):
        open_seal(data, KEY, "")


def test_a_manifest_that_no_reader_would_take_is_not_written():
    with pytest.raises(SerializationError, match="too many parts"):
        seal({"value": "x" * (4 << 20)})


@given(st.binary(max_size=300) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_inline_bytes_come_back_as_they_were(data):
    entry = inline_file(data, {"size": len(data), "sha256": "ab" * 32, "extension": "bin"})
    manifest = unseal(seal(DOCUMENT | {"files": [entry]}), KEY, NAME)
    assert manifest.inline(0) == data


def test_text_is_readable_in_a_manifest():
    assert inline_file("naïve".encode(), {})["text"] == "naïve"
    assert unseal(seal(DOCUMENT | file(text="x")), KEY, NAME).inline(0) == b"x"
    assert (
        unseal(seal(DOCUMENT | {"files": [{"size": 0, "sha256": "ab" * 32, "extension": "x"}]}), KEY, NAME).inline(0)
        is None
    )
