import re
from html.parser import HTMLParser

import pytest

import datanectar as dn
from datanectar.errors import StorageUnavailable
from datanectar.storages.memory import MemoryBackend
from datanectar.tasks.notebook import artifact_html

ran: list[int] = []


@dn.task(task_type="extract")
def flights(month: int) -> list[int]:
    ran.append(month)
    return [month]


@dn.task
def model(tables: list[list[int]], note: str = "", depth: int = 6) -> int:
    ran.append(depth)
    return depth


class Table(HTMLParser):
    """The texts of a table's rows; refuses what is left open."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.rows[-1][-1] += data


@pytest.fixture(autouse=True)
def store():
    ran.clear()
    with dn.settings(storage_layer="memory://") as settings:
        yield settings


def rows(artifact: dn.Artifact) -> list[list[str]]:
    return Table(artifact._repr_html_()).rows


def test_an_artifact_that_is_not_made_is_shown_and_not_made() -> None:
    target = model([flights(1), flights(2)], depth=8)
    assert rows(target) == [
        ["artifact", target.name],
        ["uri", target.uri],
        ["stored", "no: dn.run(…) makes it"],
        ["parameter", f"tables = [<flights {flights(1).fingerprint[:8]}>, <flights {flights(2).fingerprint[:8]}>]"],
        ["", "note = ''"],
        ["", "depth = 8"],
        ["input", flights(1).name],
        ["", flights(2).name],
    ]
    assert ran == []


def test_an_artifact_that_is_stored_says_so() -> None:
    dn.run(flights(1))
    assert ["stored", "yes"] in rows(flights(1))


def test_an_artifact_known_by_name_shows_what_its_manifest_tells() -> None:
    dn.run(model([flights(1)]))
    target = dn.artifact("task/none/model@latest")
    shown = rows(target)
    assert shown[:2] == [["artifact", target.name], ["uri", target.uri]]
    assert re.fullmatch(r"yes, \d{4}-.*", shown[2][1])
    assert shown[3:] == [
        ["parameter", f"tables = [<flights {flights(1).fingerprint[:8]}>]"],
        ["", "note = ''"],
        ["", "depth = 6"],
        ["input", flights(1).name],
    ]
    dn.storage_layer().delete(target.name)
    assert rows(target)[1:] == [["uri", target.uri], ["stored", "no"]]


def test_a_part_is_shown_as_one() -> None:
    assert rows(flights(1)["a"][0])[0] == ["artifact", f"{flights(1).name}['a'][0]"]


def test_whatever_a_parameter_holds_is_text() -> None:
    note = "</table><script>alert(1)</script>&\"'"
    source = model([], note=note)._repr_html_()
    assert "<script" not in source
    assert ["", f"note = {note!r}"] in Table(source).rows


def test_many_inputs_and_long_values_are_cut() -> None:
    shown = rows(model([flights(month) for month in range(30)], note="x" * 5000))
    assert shown[-1] == ["", "… 18 more"]
    assert max(len(text) for _, text in shown) <= 220


def test_nothing_is_fetched_and_no_script_is_in_it() -> None:
    assert not re.search(r"<script|<link|<img|src=|href=|https?:", model([flights(1)])._repr_html_())


def test_its_store_is_asked_for_one_object(monkeypatch) -> None:
    asked: list[str] = []
    for method in ("stat", "read", "list", "open"):
        real = getattr(MemoryBackend, method)
        monkeypatch.setattr(
            MemoryBackend, method, lambda self, key, *rest, _real=real: asked.append(key) or _real(self, key, *rest)
        )
    target = model([flights(1), flights(2)])
    target._repr_html_()
    assert asked == [f"manifests/{target.name}.json"]


def test_a_store_that_is_away_is_no_error(monkeypatch) -> None:
    def away(self, key):
        raise StorageUnavailable("the store does not answer")

    dn.run(flights(1))
    known = dn.artifact(flights(1).name)
    monkeypatch.setattr(MemoryBackend, "stat", away)
    monkeypatch.setattr(MemoryBackend, "read", away)
    assert ["stored", "not known: the store does not answer"] in rows(flights(1))
    assert rows(known) == [["artifact", known.name], ["stored", "not known: the store does not answer"]]


def test_a_store_that_cannot_be_opened_is_no_error() -> None:
    with dn.settings(storage_layer="nowhere://x"):
        shown = dict(rows(flights(1))[:3])
    assert shown["artifact"] == flights(1).name
    assert shown["uri"].startswith("not known: unknown storage 'nowhere'")
    assert shown["stored"].startswith("not known: unknown storage 'nowhere'")


def test_what_cannot_be_named_says_why() -> None:
    class Broken(dn.NectarTask):
        def requires(self):
            raise RuntimeError("no <inputs>")

        def run(self):
            return 1

    (first, second) = Table(artifact_html(dn.artifact(Broken()))).rows
    assert first[1].startswith("<Artifact ")
    assert second[1] == "cannot be named: RuntimeError: no <inputs>"


def test_secrets_do_not_show() -> None:
    @dn.task
    def rows_of(query: str, password: dn.Secret) -> int:
        return 1

    assert "env:DB" not in rows_of("select", dn.Secret("env:DB"))._repr_html_()
