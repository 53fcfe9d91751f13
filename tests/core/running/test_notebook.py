import re
from html import unescape

import pytest

import datanectar as dn


@dn.task
def source(n: int, note: str = "") -> int:
    return n


@dn.task
def added(numbers: list[int]) -> int:
    return sum(numbers)


@pytest.fixture(autouse=True)
def store():
    with dn.settings(storage_layer="memory://") as settings:
        yield settings


def texts(plan: object) -> list[list[str]]:
    """The texts of each row of cells."""
    source = plan._repr_html_()
    rows = re.findall(r"<tr>(.*?)</tr>", source)
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)] for row in rows]


def test_a_plan_is_a_table_of_status_name_reason_and_time() -> None:
    dn.run(added([source(1)]))
    target = added([source(1), source(2)])
    title, first, second, third = texts(dn.plan(target))
    assert title == ["", "artifact", "why", "last time"]
    assert first == ["✓ cached", source(1).name, "stored", ""]
    assert second == ["▶ run", source(2).name, "n 1 → 2", "0.0 s"]
    assert third == ["▶ run", target.name, "upstream numbers changed", "0.0 s"]
    assert "2 run, 1 cached" in dn.plan(target)._repr_html_()


def test_a_plan_with_nothing_in_it_says_so() -> None:
    assert "nothing to do" in dn.plan([])._repr_html_()


def test_what_is_blocked_is_marked() -> None:
    dn.run(source(1))
    known = dn.artifact("source@latest")
    dn.storage_layer().delete(known.name)
    assert [row[0] for row in texts(dn.plan(added([known])))[1:]] == ["✗ blocked", "✗ blocked"]


def test_whatever_a_reason_holds_is_text() -> None:
    dn.run(source(1))
    target = source(1, note="<script>alert(1)</script>")
    assert texts(dn.plan(target))[1][2] == 'note "" → "<script>alert(1)</script>"'
    assert "<script" not in dn.plan(target)._repr_html_()


def test_a_long_plan_is_cut() -> None:
    rows = texts(dn.plan([source(n) for n in range(130)]))
    assert (len(rows), rows[-1]) == (102, ["", "… 30 more"])
