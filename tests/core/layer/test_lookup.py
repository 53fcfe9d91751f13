import pytest

import datanectar as dn
from datanectar.errors import ArtifactNotFound, IntegrityError
from datanectar.layer import keys
from datanectar.layer.aliases import move_alias
from datanectar.layer.lookup import find_aliases, find_name

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
        (
            "classifier/eta@best",
            r"has no alias train_model/classifier/eta@best; of this task there are: champion, latest",
        ),
        ("train_model/classifier/eta@best", r"has no alias train_model/classifier/eta@best; of this task there are"),
        ("train_model/classifier/NO@latest", r"has no alias of a task 'train_model/classifier/NO'"),
        ("regressor/eta@", r"has no alias train_model/regressor/eta@; of this task there are: latest"),
        (
            "classifier/eta",
            rf"could be 2 artifacts; write more of the name:\n  {FIRST}\n  {SECOND}\n  "
            r"or an alias, if it has any: `datanectar alias classifier/eta` lists them$",
        ),
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


def test_the_end_of_a_tasks_path_goes_before_other_pieces_of_names() -> None:
    layer = dn.storage_layer("memory://")
    for name in ("a/b/eta/one", "a/b/eta_features/one", "a/b/beta/one"):
        layer.store(name, 1)
    assert find_name(layer, "eta") == find_name(layer, "b/eta") == find_name(layer, "eta/") == "a/b/eta/one"


def test_the_end_of_several_tasks_paths_is_any_of_their_artifacts() -> None:
    layer = dn.storage_layer("memory://")
    for name in ("a/b/eta/one", "a/c/eta/one", "a/b/beta/one"):
        layer.store(name, 1)
    with pytest.raises(ArtifactNotFound, match=r"could be 2 artifacts; .*:\n  a/b/eta/one\n  a/c/eta/one$"):
        find_name(layer, "eta")


@pytest.fixture
def asked(layer, faulty, make_layer):
    """A layer on the same store, and what it asks."""
    watched = make_layer(faulty(layer.backend))
    return watched, watched.backend.calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (FIRST, [("stat", keys.manifest(FIRST))]),
        ("regressor/eta", [("stat", keys.manifest("regressor/eta")), ("list", "manifests/")]),
        ("aaaa", [("stat", keys.manifest("aaaa")), ("list", "manifests/")]),
        (
            "train_model/classifier/eta@champion",
            [
                ("list", "aliases/train_model/classifier/eta/champion/"),
                ("read", keys.alias("train_model/classifier/eta", "champion", 1)),
            ],
        ),
        (
            "regressor/eta@latest",
            [("list", "aliases/"), ("read", keys.alias("train_model/regressor/eta", "latest", 1))],
        ),
    ],
)
def test_a_short_form_takes_one_listing_and_a_full_name_none(asked, text: str, calls: list[tuple[str, str]]) -> None:
    layer, made = asked
    find_name(layer, text)
    assert made == calls


def test_the_end_of_a_path_of_more_segments_is_found_too() -> None:
    layer = dn.storage_layer("memory://")
    layer.store("team/a/b/c/one", 1)
    layer.alias("team/a/b/c/one", "latest")
    assert find_name(layer, "a/b/c@latest") == "team/a/b/c/one"


def test_the_aliases_of_a_task_are_found_by_its_path_or_its_end(layer) -> None:
    for path in ("train_model/classifier/eta", "classifier/eta"):
        found = find_aliases(layer, path)
        assert set(found) == {("train_model/classifier/eta", alias) for alias in ("champion", "latest")}
    assert find_aliases(layer, "nothing") == {}


def test_an_alias_that_is_moved_a_hundred_times_meanwhile_is_looked_up_again(asked) -> None:
    layer, _ = asked
    path = "train_model/regressor/eta"

    def overtake(key: str) -> None:
        layer.backend.before.clear()
        for number in range(101):
            move_alias(layer.backend.inner, path, "latest", f"{path}/{number}")

    layer.backend.before["read"] = overtake
    assert find_name(layer, "regressor/eta@latest") == f"{path}/100"


def test_a_damaged_alias_says_how_to_mend_it(layer) -> None:
    key = keys.alias("train_model/regressor/eta", "latest", 1)
    layer.backend.delete([key])
    layer.backend.create(key, b"{}")
    with pytest.raises(IntegrityError, match="Point train_model/regressor/eta@latest to an artifact again"):
        find_name(layer, "regressor/eta@latest")
