import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datanectar as dn
from datanectar.tasks.identity import identify
from datanectar.values.literals import label_of, literal
from datanectar.values.typed_json import encode


class Color(enum.Enum):
    RED = "r"


@dataclass(frozen=True)
class Options:
    depth: int = 3
    color: Color = Color.RED


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda items: (
        st.lists(items, max_size=3)
        | st.dictionaries(st.text(), items, max_size=3)
        | st.lists(items, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(plain)
def test_plain_values_are_written_as_python_reads_them(value: object) -> None:
    text = literal(encode(value), longest=100_000)
    if "… " not in text:
        assert eval(text) == value
        assert type(eval(text)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1,), "(1,)"),
        ({3: "c"}, "{3: 'c'}"),
        ({1}, "{1}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        (frozenset(), "frozenset()"),
        (b"\xff", r"b'\xff'"),
        (float("nan"), "nan"),
        (dt.date(2013, 1, 31), "date(2013, 1, 31)"),
        (dt.datetime(2013, 1, 31, 5, tzinfo=dt.UTC), "datetime(2013, 1, 31, 5, 0, tzinfo=timezone.utc)"),
        (Decimal("1.10"), "Decimal('1.10')"),
        (UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
        (Color.RED, "Color.RED"),
        (Options(), "Options(depth=3, color=Color.RED)"),
        (dn.Secret("env:X"), "Secret(***)"),
        (list(range(25)), "[" + ", ".join(map(str, range(20))) + ", … 5 more]"),
    ],
)
def test_what_json_lacks_is_written_as_python_has_it(value: object, text: str) -> None:
    assert literal(identify(value)) == text


def test_artifacts_are_told_by_task_and_first_letters() -> None:
    fingerprint = "abcdefghijklmnopqrstuvwxyz"
    document = [{"$artifact": fingerprint}, {"$artifact": fingerprint, "part": ["train", 0]}]
    assert literal(document, label_of([f"extract/none/flights/{fingerprint}"])) == (
        "[<flights abcdefgh>, <flights abcdefgh>['train'][0]]"
    )
    assert literal(document[0], label_of([f"flights-{fingerprint}"])) == "<flights abcdefgh>"
    assert literal(document[0]) == "<artifact abcdefgh>"


def test_files_are_told_by_their_digest(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("a")
    assert literal(identify(dn.File(tmp_path / "a.csv"))) == "<file ca978112ca1b…>"


def test_a_numpy_scalar_is_written_without_numpy() -> None:
    assert literal({"$numpy": ["float32", 0.5]}) == "float32(0.5)"


def test_a_long_text_is_cut() -> None:
    assert literal("x" * 1000) == "'" + "x" * 198 + "…"


def test_what_a_later_release_knows_is_shown_as_it_stands() -> None:
    assert literal({"$quaternion": [1, 2]}) == '{"$quaternion":[1,2]}'
