"""Which artifacts a name, a path or an alias stands for, and what they were made from."""

import pytest

from datanectar.errors import ArtifactNotFound, UnsupportedError
from datanectar.layer import keys
from datanectar.layer.copying.selection import find_names, with_inputs
from datanectar.layer.writing import new_attempt

NAMES = ["extract/none/rows/aa", "train/classifier/eta/bb", "train/classifier/eta/cc", "train/regressor/eta/dd"]


@pytest.fixture
def filled(layer):
    for name in NAMES:
        layer.store(name, 1)
    return layer


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NAMES[1], NAMES[1:2]),
        ("rows", NAMES[:1]),
        ("train", NAMES[1:]),
        ("train/classifier", NAMES[1:3]),
        ("train/classifier/", NAMES[1:3]),
        ("train/classifier/eta@champion", NAMES[2:3]),
        ("classifier/eta@champion", NAMES[2:3]),
    ],
)
def test_a_path_is_all_below_it_and_anything_else_one(filled, text, found):
    filled.alias(NAMES[2], "champion")
    assert find_names(filled, text) == found


def test_a_uri_is_one(filled):
    assert find_names(filled, filled.uri(NAMES[3])) == NAMES[3:]


def test_a_name_that_others_start_with_is_itself_unless_it_ends_with_a_slash(filled):
    filled.store("train/classifier/eta", 1)
    assert find_names(filled, "train/classifier/eta") == ["train/classifier/eta"]
    assert find_names(filled, "train/classifier/eta/") == NAMES[1:3]


@pytest.mark.parametrize("text", ["nothing", "trai/", "eta@nothing", "classifier", "No Name"])
def test_what_is_not_there_or_not_clear_is_refused(filled, text):
    with pytest.raises(ArtifactNotFound):
        find_names(filled, text)


def made_from(layer, name, *inputs):
    layer.writer.commit(name, new_attempt(), 1, inputs=[[other, "disk"] for other in inputs])


def test_inputs_of_inputs_are_found_once(layer, backend):
    made_from(layer, "t/a")
    made_from(layer, "t/b", "t/a")
    made_from(layer, "t/c", "t/a", "t/b", "t/gone")
    made_from(layer, "t/other")
    assert with_inputs(layer, ["t/c", "t/c"], jobs=2) == ["t/c", "t/a", "t/b"]


def test_a_damaged_manifest_has_no_inputs_here(layer, backend):
    made_from(layer, "t/a")
    made_from(layer, "t/b", "t/a")
    backend.put(keys.manifest("t/b"), b"nonsense")
    assert with_inputs(layer, ["t/b"], jobs=1) == ["t/b"]


def test_an_alias_that_outlived_its_artifact_is_refused(filled):
    filled.alias(NAMES[2], "champion")
    filled.delete(NAMES[2])
    with pytest.raises(ArtifactNotFound, match=r"eta@champion is train/classifier/eta/cc, which is not in .*: it was"):
        find_names(filled, "eta@champion")


def test_a_part_is_refused_with_the_name_of_the_whole(filled):
    with pytest.raises(UnsupportedError, match=f"is a part, which is not copied by itself; name {NAMES[1]}$"):
        find_names(filled, f"{NAMES[1]}#train")


def test_what_is_named_stays_named_also_if_it_is_not_there(layer):
    made_from(layer, "t/b", "t/gone")
    assert with_inputs(layer, ["t/removed", "t/b"], jobs=1) == ["t/removed", "t/b"]
