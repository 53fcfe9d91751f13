"""The canonical document: everything that decides a result and nothing else, for anyone to check."""

import base64
import dataclasses
import enum
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

import datanectar as dn
from datanectar.tasks.handle import stored_artifact
from datanectar.tasks.identity import canonical_text, fingerprint_of
from datanectar.tasks.names import FINGERPRINT


class Color(enum.Enum):
    RED = "red"


class Opaque(enum.Enum):
    ONE = object()


@dataclasses.dataclass
class Options:
    depth: int


@dn.task(task_type="fit", model_family="linear", version="1", ignore="ignored")
def documented(x=None, secret=None, ignored=None):
    return x


def document(*args, **kwargs):
    artifact = documented(*args, **kwargs)
    artifact.name
    return artifact.call.document


def test_a_document_has_the_path_the_version_and_the_parameters():
    assert document(1, dn.Secret("env:X"), 2) == {
        "task": ["fit", "linear", "documented"],
        "version": "1",
        "parameters": {"x": 1},
    }


@given(st.text())
def test_a_fingerprint_is_26_characters_of_base32(text):
    found = fingerprint_of(canonical_text(text))
    assert FINGERPRINT.fullmatch(found)
    assert found == base64.b32encode(sha256(canonical_text(text).encode()).digest()).decode().lower()[:26]


def test_a_fingerprint_is_the_sha_256_of_its_document():
    assert fingerprint_of(canonical_text("")) == "ckxdfsy6yawqd3ndlanre7a75y"


def test_a_fingerprint_can_be_computed_again_from_the_document():
    text = json.dumps(document([1, (2,)]), sort_keys=True, separators=(",", ":"))
    digest = base64.b32encode(sha256(text.encode()).digest()).decode()
    assert digest[:26].lower() == documented([1, (2,)]).fingerprint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, [2]), {"$tuple": [1, [2]]}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ({2: "b", 1: "a"}, {"$dict": [[1, "a"], [2, "b"]]}),
        ({"$x": 1}, {"$dict": [["$x", 1]]}),
        ({2, 1}, {"$set": [1, 2]}),
        (frozenset("a"), {"$frozenset": ["a"]}),
        (Color.RED, {"$enum": ["Color", "RED", "red"]}),
        (Opaque.ONE, {"$enum": ["Opaque", "ONE"]}),
        (Options(3), {"$dataclass": ["Options", {"depth": 3}]}),
        ([dn.Secret("env:X")], [{"$secret": True}]),
    ],
)
def test_values_are_written_in_one_way(value, expected):
    assert document(value)["parameters"]["x"] == expected


def test_a_file_is_its_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    assert document(dn.File(tmp_path / "a"))["parameters"]["x"] == {"$file": sha256(b"content").hexdigest()}


def test_an_artifact_is_its_fingerprint_and_a_part_its_keys_too():
    upstream = documented(5)
    assert document([upstream, upstream["a"][0]])["parameters"]["x"] == [
        {"$artifact": upstream.fingerprint},
        {"$artifact": upstream.fingerprint, "part": ["a", 0]},
    ]


def test_a_document_is_recorded_as_it_was_hashed():
    artifact = documented([1, {"a": (2,)}])
    dn.run(artifact)
    layer = dn.storage_layer()
    recorded = layer.reader.details(layer.manifest(artifact.name))["identity"]
    assert fingerprint_of(canonical_text(recorded)) == artifact.fingerprint


def test_a_number_too_long_for_decimal_text_is_named_too():
    assert document(10**5000)["parameters"]["x"] == {"$int": hex(10**5000)}


@dn.task
def measured(x: object) -> int:
    return 1


@pytest.mark.parametrize("value", ["x" * (1 << 20), [0.5] * 300_000, {"a": b"y" * (1 << 20)}])
def test_a_parameter_over_one_mebibyte_is_refused(value: object) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=r"measured\(\) refuses x: it has .* MiB.*dn.File"):
        measured(value).name


def test_a_name_with_more_than_one_candidate_is_known_by_its_last_segment() -> None:
    task = dn.task(lambda: 1, name="abcdefghijklmnopqrstuvwxyz")
    one = task()
    known = stored_artifact(one.name, None, "memory://")
    assert known.fingerprint == one.fingerprint
