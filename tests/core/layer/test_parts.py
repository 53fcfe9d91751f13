import pytest

from datanectar.errors import PartNotFound, UnsupportedError
from datanectar.layer.parts import files_by_part, find_part, part_names, subscripts


@pytest.fixture
def parted(layer, name, big):
    """The manifest of a dict that is stored part by part."""
    return layer.store(name, {"train": big, 3: (big, "small"), "a b": [1]})


def test_a_part_is_found_by_the_text_of_its_key(parted):
    assert find_part(parted, "train") == ("train",)
    assert find_part(parted, "3") == (3,)
    assert find_part(parted, "3/1") == (3, 1)
    assert find_part(parted, "") == ()


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("test", r"has no part 'test'; it has 'train', 3, 'a b'"),
        ("3/2", r"\[3\] has no part '2'; it has 0, 1"),
        ("train/x", r"\['train'\] is one file, so it has no part 'x' to point to"),
        ("None", r"has no part 'None'"),
    ],
)
def test_what_is_no_part_is_told_with_those_there_are(parted, fragment, said):
    with pytest.raises(PartNotFound, match=said):
        find_part(parted, fragment)


def test_files_are_told_by_part(parted):
    found = [(subscripts(part), number) for part, number, _ in files_by_part(parted.value)]
    assert found == [("['train']", 0), ("[3][0]", 1), ("[3][1]", 2), ("['a b']", 3)]


def test_many_parts_are_not_all_named(layer, name, big):
    record = layer.store(name, {f"part{number}": big for number in range(12)})
    assert part_names(record.value).endswith("'part9', … 2 more")


def test_a_part_has_a_path_and_a_link_of_its_own(layer, parted, name, big):
    assert layer.reader.local_path(name, ("train",)).read_bytes() == big
    assert layer.reader.local_path(name, (3, 1)).read_text() == "small"
    with pytest.raises(UnsupportedError, match=r"part by part: load it, or name one of its parts: 0, 1"):
        layer.reader.local_path(name, (3,))
    with pytest.raises(PartNotFound, match=r"has no part 'test'; it has 'train', 3, 'a b'"):
        layer.reader.local_path(name, ("test",))
    with pytest.raises(UnsupportedError, match=r"no file of its own for its part 0; load that"):
        layer.reader.local_path(name, ("a b", 0))
