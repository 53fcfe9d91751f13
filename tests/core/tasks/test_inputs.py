"""Files as inputs by content; secrets that never show."""

import os
import pickle

import pytest

import datanectar as dn
from datanectar.errors import ArgumentError
from datanectar.values.text import parse_text


@dn.task
def size(table: dn.File) -> int:
    return len(table.read_bytes())


@dn.task
def rows(query: str, password: dn.Secret) -> int:
    return len(password.reveal())


@dn.task
def nested(x) -> int:
    return 1


def test_a_file_that_moved_gives_the_same_name(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    before = size(dn.File(tmp_path / "a.csv")).name
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.csv").rename(tmp_path / "deep" / "b.txt")
    assert size(dn.File(tmp_path / "deep" / "b.txt")).name == before


def test_a_file_that_changed_gives_another_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1")
    before = size(dn.File(path)).name
    path.write_text("2")
    assert size(dn.File(path)).name != before


def test_a_change_that_size_and_time_do_not_tell_gives_another_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1")
    os.utime(path, (1e9, 1e9))
    before = size(dn.File(path)).name
    path.write_text("2")
    os.utime(path, (1e9, 1e9))
    assert size(dn.File(path)).name != before


def test_the_content_is_read_when_the_name_is_asked_for(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1")
    artifact = size(dn.File(path))
    path.write_text("23")
    assert artifact.name == size(dn.File(path)).name
    assert dn.run(artifact) == 2


def test_a_file_can_stand_in_a_list(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    a, b = dn.File(tmp_path / "a"), dn.File(tmp_path / "b")
    assert len({nested([a, b]).name, nested([b, a]).name, nested([a]).name}) == 3


def test_a_relative_path_is_that_of_the_moment(private_surroundings, tmp_path, monkeypatch):
    (private_surroundings / "a.csv").write_text("1")
    artifact = size(dn.File("a.csv"))
    monkeypatch.chdir(tmp_path)
    assert dn.run(artifact, storage_layer="memory://") == 1


def test_a_missing_file_is_refused_at_once():
    with pytest.raises(ArgumentError, match=r"dn\.File\('gone\.csv'\): does not exist"):
        dn.File("gone.csv")


def test_a_directory_is_refused_at_once(tmp_path):
    with pytest.raises(ArgumentError, match="is a directory; name the files in it"):
        dn.File(tmp_path)


def test_a_file_that_vanished_before_it_was_named_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    artifact = size(dn.File(tmp_path / "a.csv"))
    (tmp_path / "a.csv").unlink()
    with pytest.raises(ArgumentError, match=r"a\.csv'\) cannot be read any more: No such file"):
        artifact.name


def test_a_file_opens_like_a_path_and_pickles(tmp_path):
    (tmp_path / "a.csv").write_text("1,2")
    file = pickle.loads(pickle.dumps(dn.File(tmp_path / "a.csv")))
    with open(file) as by_path, file.open() as by_method:
        assert by_path.read() == by_method.read().decode() == file.read_text() == "1,2"


def test_a_path_is_no_file_without_being_called_one():
    with pytest.raises(ArgumentError, match="table wants File"):
        size("a.csv")


SECRET = "hunter2"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    return dn.Secret("env:DB_PASSWORD")


def test_a_secret_is_revealed_where_the_task_runs(secret):
    assert dn.run(rows("select 1", secret)) == len(SECRET)


def test_a_secret_in_a_file_is_revealed_without_its_line_end(tmp_path):
    (tmp_path / "password").write_text(f"{SECRET}\n")
    assert dn.Secret(f"file:{tmp_path / 'password'}").reveal() == SECRET


def test_a_secret_is_not_part_of_the_name(secret):
    assert rows("q", secret).name == rows("q", dn.Secret("env:OTHER")).name


def test_a_secret_inside_another_value_is_not_part_of_the_name_either(secret):
    assert nested({"user": "a", "password": secret}).name == nested({"user": "a", "password": dn.Secret("env:X")}).name
    assert nested([secret]).name != nested([None]).name


def test_neither_the_secret_nor_its_reference_is_recorded_or_shown(secret):
    artifact = rows("q", secret)
    artifact.name
    for text in (repr(secret), str(artifact.call.document), repr(artifact.call.arguments)):
        assert SECRET not in text
        assert "DB_PASSWORD" not in text


def test_what_a_run_stores_has_no_secret(private_surroundings, secret):
    dn.run(rows("q", secret), nested([1, secret]))
    stored = [path.read_bytes() for path in private_surroundings.rglob("*") if path.is_file()]
    assert stored
    assert not any(SECRET.encode() in data or b"DB_PASSWORD" in data for data in stored)


def test_a_secret_pickles_as_its_reference(secret):
    assert SECRET.encode() not in pickle.dumps(secret)
    assert pickle.loads(pickle.dumps(secret)).reveal() == SECRET


def test_a_literal_secret_is_refused_without_repeating_it():
    with pytest.raises(ArgumentError, match=r"env:NAME or file:PATH, never the secret itself") as refusal:
        dn.Secret(SECRET)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("reference", "said"),
    [("env:NOT_SET", "the variable NOT_SET, which holds a secret, is not set"), ("file:gone", "the file gone")],
)
def test_a_secret_that_is_not_there_is_said_when_it_is_revealed(reference, said):
    with pytest.raises(ArgumentError, match=said):
        dn.Secret(reference).reveal()


def test_files_and_secrets_are_read_from_text(tmp_path, secret):
    (tmp_path / "a.csv").write_text("1")
    assert parse_text(str(tmp_path / "a.csv"), dn.File) == dn.File(tmp_path / "a.csv")
    assert parse_text("env:DB_PASSWORD", dn.Secret).reveal() == SECRET


def test_a_file_can_be_a_key():
    with open("a.csv", "w") as file:
        file.write("1")
    assert dn.run(nested({dn.File("a.csv"): 1})) == 1
    assert {dn.File("a.csv"): 2}[dn.File("a.csv")] == 2
