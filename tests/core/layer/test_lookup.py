import pytest

import datanectar as dn
from datanectar.errors import ArtifactNotFound
from datanectar.layer.lookup import find_name

FIRST, SECOND, OTHER = (
    "train_model/classifier/eta/aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "train_model/classifier/eta/bbbbbbbbbbbbbbbbbbbbbbbbbb",
    "train_model/regressor/eta/cccccccccccccccccccccccccc",
)


@pytest.fixture
def layer() -> dn.StorageLayer:
    layer = dn.storage_layer("memory://")
    for name in (FIRST, SECOND, OTHER):
        layer.store(name, 1)
    layer.alias(SECOND, "latest")
    layer.alias(OTHER, "latest")
    layer.alias(FIRST, "champion")
    return layer


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FIRST, FIRST),
        ("aaaa", FIRST),
        ("eta/bbb", SECOND),
        ("regressor", OTHER),
        ("train_model/classifier/eta@latest", SECOND),
        ("classifier/eta@latest", SECOND),
        ("regressor/eta@latest", OTHER),
        ("classifier/eta@champion", FIRST),
        (f"memory:///manifests/{FIRST}.json", FIRST),
    ],
)
def test_a_name_a_piece_of_it_or_an_alias_finds_one_artifact(layer, text: str, name: str) -> None:
    assert find_name(layer, text) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zzz", r"memory:// has no artifact 'zzz'; `datanectar ls` lists what there is"),
        ("NO key", r"memory:// has no artifact 'NO key'"),
        ("classifier", rf"'classifier' could be 2 artifacts; write more of the name:\n  {FIRST}\n  {SECOND}$"),
        ("", r"'' could be 3 artifacts"),
        ("eta@latest", r"'eta' could be 2 tasks; write more of: train_model/classifier/eta, train_model/regressor/eta"),
        (
            "ta@latest",
            r"memory:// has no alias of a task 'ta'; known: train_model/classifier/eta, train_model/regressor",
        ),
        ("classifier/eta@best", r"has no alias train_model/classifier/eta@best"),
    ],
)
def test_what_means_no_artifact_or_several_says_so(layer, text: str, message: str) -> None:
    with pytest.raises(ArtifactNotFound, match=message):
        find_name(layer, text)


def test_of_many_only_some_are_listed() -> None:
    layer = dn.storage_layer("memory://")
    for letter in "abcdefgh":
        layer.store(f"a/b/c/{letter * 26}", 1)
    with pytest.raises(ArtifactNotFound, match=r"could be 8 artifacts;(?s:.*)… and 3 more$"):
        find_name(layer, "a/b")


def test_a_path_that_is_also_the_end_of_another_is_meant_exactly() -> None:
    layer = dn.storage_layer("memory://")
    for name in ("a/b/c", "x/a/b/c"):
        layer.store(f"{name}/{'d' * 26}", 1)
        layer.alias(f"{name}/{'d' * 26}", "latest")
    assert find_name(layer, "a/b/c@latest") == f"a/b/c/{'d' * 26}"
