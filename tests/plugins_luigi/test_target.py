"""`ArtifactTarget` keeps what Luigi's tasks expect of a target, on every kind of store."""

from __future__ import annotations

import gc
import io
import os
import pickle
import random
import signal
import subprocess
import tempfile
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import luigi
import pandas as pd
import pytest
import target_tasks
from luigi.format import UTF8, Bzip2, Format, Gzip, Nop
from luigi.target import FileSystemTarget

import datanectar as dn
from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey, StorageError, UnsupportedError
from datanectar.layer.writing import DifferentResult
from datanectar_luigi import ArtifactTarget

NAME = "reports/daily/march"
FORMATS = [None, UTF8, Nop, Gzip]


def on_stores(argument: str, everything: list[Any], elsewhere: list[Any]) -> pytest.MarkDecorator:
    """Parametrises a test: with everything on disk, and with some of it on the other stores."""
    rows = [("disk", value) for value in everything]
    rows += [(kind, value) for kind in ("memory", "s3") for value in elsewhere]
    return pytest.mark.parametrize(("each_store", argument), rows, indirect=["each_store"])


@pytest.fixture(autouse=True)
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, of this test and its processes alone."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


@dn.task
def square(x: int) -> int:
    return x * x


@dn.task
def split() -> dict[str, object]:
    return {"train": "a" * 10, "test": pd.DataFrame({"x": [1, 2]})}


@dn.task
def table() -> pd.DataFrame:
    return pd.DataFrame({"x": [1, 2, 3]})


class Failure(Exception):
    """What a block raises."""


# Luigi's contract, on every store


def test_it_is_one_of_luigis_targets() -> None:
    target = ArtifactTarget(NAME)
    assert isinstance(target, FileSystemTarget)
    assert isinstance(target.fs, luigi.target.FileSystem)


def test_nothing_is_there_before_close(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    file = target.open("w")
    file.write("hello\n")
    file.flush()
    assert not target.exists()
    assert list(each_store.list()) == []
    file.close()
    assert target.exists()
    assert list(each_store.list()) == [NAME]


LINE, NOTHING, LARGE = (None, "line\n"), (Nop, b""), (Nop, bytes(range(256)) * 20_000)
WRITTEN = [
    LINE,
    (UTF8, "я éçф"),
    (Nop, b"a\xf2\xf3\r\nfd"),
    (Gzip, b"123testing"),
    (Bzip2, b"123testing"),
    (UTF8 >> Gzip, "я éçф"),
    NOTHING,
    LARGE,
]


@on_stores("written", WRITTEN, [LINE, NOTHING, LARGE])
def test_what_was_written_is_read_back(
    each_store: dn.StorageLayer, temporary_files: Path, written: tuple[Format, str | bytes]
) -> None:
    format, data = written
    target = ArtifactTarget(NAME, format=format)
    with target.open("w") as file:
        file.write(data)
    with target.open("r") as file:
        assert file.read() == data
    assert list(temporary_files.iterdir()) == []


def test_lines_are_written_and_read_one_by_one(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    with target.open("w") as file:
        file.writelines(["a\n", "b\n", "c\n"])
    with target.open() as file:
        assert list(file) == ["a\n", "b\n", "c\n"]


@on_stores("format", FORMATS, [Gzip])
def test_an_exception_in_the_block_leaves_nothing(
    each_store: dn.StorageLayer, temporary_files: Path, format: Format
) -> None:
    target = ArtifactTarget(NAME, format=format)
    with suppress(Failure), target.open("w") as file:
        file.write("half" if format in (None, UTF8) else b"half")
        raise Failure
    del file
    gc.collect()
    assert not target.exists()
    assert list(temporary_files.iterdir()) == []


@on_stores("format", FORMATS, [Gzip])
def test_what_nobody_closes_leaves_nothing(each_store: dn.StorageLayer, temporary_files: Path, format: Format) -> None:
    target = ArtifactTarget(NAME, format=format)
    file = target.open("w")
    file.write("half" if format in (None, UTF8) else b"half")
    assert len(list(temporary_files.iterdir())) == 1
    del file
    gc.collect()
    assert not target.exists()
    assert list(temporary_files.iterdir()) == []


def test_abort_leaves_nothing_and_a_later_close_changes_that_not(
    each_store: dn.StorageLayer, temporary_files: Path
) -> None:
    target = ArtifactTarget(NAME, format=Nop)
    file = target.open("w")
    file.write(b"half")
    file.abort()
    file.close()
    assert not target.exists()
    assert list(temporary_files.iterdir()) == []


def test_text_can_be_aborted_too(temporary_files: Path) -> None:
    target = ArtifactTarget(NAME)
    file = target.open("w")
    file.write("half")
    file.abort()
    del file
    assert not target.exists()
    assert list(temporary_files.iterdir()) == []


def test_a_second_close_commits_nothing_anew(store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME, format=Nop)
    with target.open("w") as file:
        file.write(b"once")
    target.remove()
    file.close()
    assert not target.exists()


def test_a_format_of_ones_own_is_between() -> None:
    class Marked(Format):  # type: ignore[misc]
        def pipe_reader(self, input_pipe: io.BufferedReader) -> io.BufferedReader:
            input_pipe.mark = "reads"  # type: ignore[attr-defined]
            return input_pipe

        def pipe_writer(self, output_pipe: io.BufferedWriter) -> io.BufferedWriter:
            output_pipe.mark = "writes"  # type: ignore[attr-defined]
            return output_pipe

    target = ArtifactTarget(NAME, format=Marked())
    with target.open("w") as file:
        assert file.mark == "writes"
    with target.open("r") as file:
        assert file.mark == "reads"


def test_a_failing_compressor_leaves_nothing(temporary_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary_files / "bin").mkdir()
    (temporary_files / "bin" / "gzip").write_text("#!/bin/sh\ncat > /dev/null; echo half; exit 1\n")
    (temporary_files / "bin" / "gzip").chmod(0o755)
    monkeypatch.setenv("PATH", str(temporary_files / "bin"), prepend=os.pathsep)
    target = ArtifactTarget(NAME, format=Gzip)
    with pytest.raises(RuntimeError, match="gzip"), target.open("w") as file:
        file.write(b"whole")
    del file
    assert not target.exists()


@pytest.mark.parametrize("mode", ["a", "rw", "r+", "x", ""])
def test_another_mode_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="mode must be 'r' or 'w'"):
        ArtifactTarget(NAME).open(mode)


@pytest.mark.parametrize("mode", ["wb", "wt"])
def test_b_and_t_are_the_formats_affair(mode: str) -> None:
    target = ArtifactTarget(NAME)
    with target.open(mode) as file:
        file.write("text")
    with target.open(mode.replace("w", "r")) as file:
        assert file.read() == "text"


def test_it_moves_where_its_file_system_moves_it(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    target._touchz()
    elsewhere = f"{target.path}-{random.randrange(10**9)}"
    target.fs.move(target.path, elsewhere)
    assert not target.exists()
    assert target.fs.exists(elsewhere)


def test_remove_removes_it(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    target._touchz()
    target.remove()
    assert not target.exists()
    with pytest.raises(ArtifactNotFound):
        target.remove()


# What it adds: artifacts


def test_its_path_is_the_uri_and_its_text(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    assert target.path == str(target) == each_store.uri(NAME)


def test_a_uri_names_it_too(each_store: dn.StorageLayer) -> None:
    assert ArtifactTarget(each_store.uri(NAME)).name == NAME


def test_a_uri_of_another_store_is_refused_with_what_to_give() -> None:
    with pytest.raises(InvalidKey, match=r"is not in file://.*give storage_layer="):
        ArtifactTarget("s3://elsewhere/manifests/a/b.json").exists()


def test_what_names_no_artifact_is_refused() -> None:
    with pytest.raises(dn.errors.ArgumentError, match="names no artifact"):
        ArtifactTarget(Path("report.csv")).exists()


@pytest.mark.parametrize("name", ["Report.csv", "../report", ""])
def test_what_cannot_be_a_name_is_refused_before_anything_is_written(name: str, temporary_files: Path) -> None:
    with pytest.raises(InvalidKey, match="not an artifact name"):
        ArtifactTarget(name).open("w")
    assert list(temporary_files.iterdir()) == []


def test_it_is_at_the_storage_layer_that_is_given(store: dn.StorageLayer, tmp_path: Path) -> None:
    other = tmp_path.as_uri()
    ArtifactTarget(square(3), other).dump(9)
    assert list(dn.storage_layer(other).list()) == [square(3).name]
    assert not store.exists(square(3).name)


def test_it_is_at_the_storage_layer_of_its_task(store: dn.StorageLayer, tmp_path: Path) -> None:
    @dn.task(storage_layer=tmp_path.as_uri())
    def elsewhere() -> int:
        return 1

    dn.run(elsewhere())
    assert ArtifactTarget(elsewhere()).exists()
    assert list(store.list()) == []


def test_text_that_a_task_stored_is_read(each_store: dn.StorageLayer) -> None:
    dn.run(square(3))
    with ArtifactTarget(square(3)).open() as file:
        assert file.read() == "9"


def test_a_table_that_a_task_stored_is_read(each_store: dn.StorageLayer) -> None:
    dn.run(table())
    with ArtifactTarget(table(), format=Nop).open() as file:
        assert pd.read_parquet(io.BytesIO(file.read())).x.tolist() == [1, 2, 3]


def test_an_artifact_of_several_files_is_not_opened_but_loaded(store: dn.StorageLayer) -> None:
    dn.run(split())
    with pytest.raises(UnsupportedError, match="'train', 'test'"):
        ArtifactTarget(split()).open()
    assert list(ArtifactTarget(split()).load()) == ["train", "test"]


def test_a_part_is_read_and_not_written(store: dn.StorageLayer) -> None:
    dn.run(split())
    target = ArtifactTarget(split()["train"])
    with target.open() as file:
        assert file.read() == target.load() == "a" * 10
    with pytest.raises(UnsupportedError, match="a part of"):
        target.dump("b")
    with pytest.raises(UnsupportedError, match="a part of"):
        target.open("w")


def test_what_is_not_there_is_not_opened(each_store: dn.StorageLayer) -> None:
    with pytest.raises(ArtifactNotFound, match=NAME):
        ArtifactTarget(NAME).open()


def test_what_is_damaged_is_not_opened(store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME, format=Nop)
    with target.open("w") as file:
        file.write(b"x" * 100_000)
    ((key, _),) = store.manifest(NAME).stored_files
    stored = store.backend.local_path(key)
    assert stored is not None
    stored.chmod(0o600)
    stored.write_bytes(b"y" * 100_000)
    with pytest.raises(IntegrityError):
        target.open()


def test_objects_are_dumped_and_loaded(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    target.dump({"rows": [1, 2]})
    assert target.load() == {"rows": [1, 2]}


def test_what_was_written_loads_as_a_path(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    with target.open("w") as file:
        file.write("hello")
    assert target.load().read_text() == target.local_path().read_text() == "hello"
    assert target.load().name == "daily"


# Several writers


def test_of_two_writers_the_first_stays_and_the_other_is_told(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    first, second = target.open("w"), target.open("w")
    first.write("first")
    second.write("second")
    first.close()
    with pytest.warns(DifferentResult, match="Kept"):
        second.close()
    with target.open() as file:
        assert file.read() == "first"


def test_two_writers_of_the_same_bytes_agree(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    for _ in range(2):
        with target.open("w") as file:
            file.write("same")
    assert each_store.manifest(NAME).size == 4


# Temporary paths


def test_a_file_at_the_temporary_path_is_stored(each_store: dn.StorageLayer, temporary_files: Path) -> None:
    target = ArtifactTarget(NAME)
    with target.temporary_path() as path:
        assert isinstance(path, str)
        subprocess.run(["cp", __file__, path], check=True)
        assert not target.exists()
    assert target.local_path().read_bytes() == Path(__file__).read_bytes()
    assert list(temporary_files.iterdir()) == []


def test_a_directory_at_the_temporary_path_is_stored(each_store: dn.StorageLayer) -> None:
    target = ArtifactTarget(NAME)
    with target.temporary_path() as path:
        os.mkdir(path)
        Path(path, "plot").write_text("x")
    assert (target.local_path() / "plot").read_text() == "x"
    with pytest.raises(UnsupportedError, match="is a directory"):
        target.open()


def test_exceptions_pass_through() -> None:
    with pytest.raises(ValueError, match="invalid literal"), ArtifactTarget(NAME).open("w"):
        int("one")
    with pytest.raises(ValueError, match="invalid literal"), ArtifactTarget(NAME).temporary_path():
        int("one")


def test_an_exception_at_the_temporary_path_leaves_nothing(temporary_files: Path) -> None:
    target = ArtifactTarget(NAME)
    with suppress(Failure), target.temporary_path() as path:
        Path(path).write_text("half")
        raise Failure
    assert not target.exists()
    assert list(temporary_files.iterdir()) == []


def test_nothing_at_the_temporary_path_is_an_error() -> None:
    target = ArtifactTarget(NAME)
    with pytest.raises(FileNotFoundError, match=f"temporary_path.. of {NAME}"), target.temporary_path():
        pass


def test_a_temporary_path_can_be_inside_another() -> None:
    target = ArtifactTarget(NAME)
    with target.temporary_path() as outer, ArtifactTarget("other/name").temporary_path() as inner:
        assert outer != inner
        Path(outer).write_text("outer")
        Path(inner).write_text("inner")
    assert target.local_path().read_text() == "outer"


# Trouble


def test_a_store_that_does_not_answer_is_an_error_never_absence(
    store: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str) -> None:
        raise StorageError("no answer")

    monkeypatch.setattr(store.backend, "stat", refuse)
    with pytest.raises(StorageError, match="no answer"):
        ArtifactTarget(NAME).exists()


def test_a_store_that_refuses_leaves_no_temporary_file(
    store: dn.StorageLayer, temporary_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str, data: bytes) -> None:
        raise StorageError("no room")

    ArtifactTarget("some/other").dump(1)
    monkeypatch.setattr(store.backend, "create", refuse)
    with pytest.raises(StorageError, match="no room"), ArtifactTarget(NAME).open("w") as file:
        file.write("x")
    assert list(temporary_files.iterdir()) == []


# Processes


def test_it_pickles_as_names_and_with_its_format(each_store: dn.StorageLayer) -> None:
    ArtifactTarget(square(2)).dump(4)
    data = pickle.dumps(ArtifactTarget(square(2), format=Gzip))
    copy = pickle.loads(data)
    assert len(data) < 1000
    assert copy.name == square(2).name
    assert copy.exists()
    assert type(copy.format) is type(Gzip)


def test_it_works_in_a_process_that_is_started_anew(store: dn.StorageLayer) -> None:
    process = get_context("spawn").Process(target=target_tasks.write, args=(ArtifactTarget(NAME),))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert ArtifactTarget(NAME).local_path().read_text() == "from a child"


def test_a_writer_that_is_killed_leaves_nothing_in_the_store(store: dn.StorageLayer) -> None:
    context = get_context("spawn")
    started, go = context.Pipe()
    process = context.Process(target=target_tasks.write_half, args=(ArtifactTarget(NAME), go))
    process.start()
    started.recv()
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not ArtifactTarget(NAME).exists()


@pytest.mark.parametrize("each_store", ["disk", "s3"], indirect=True)
def test_of_processes_that_write_at_once_one_wins(each_store: dn.StorageLayer) -> None:
    context = get_context("spawn")
    together = context.Barrier(4)
    targets = [(ArtifactTarget(NAME), str(number), together) for number in range(4)]
    processes = [context.Process(target=target_tasks.write_together, args=target) for target in targets]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with ArtifactTarget(NAME).open() as file:
        assert file.read() in {number * 100_000 for number in "0123"}


@pytest.mark.parametrize("workers", [1, 2])
def test_luigi_runs_tasks_whose_outputs_are_artifacts(each_store: dn.StorageLayer, workers: int) -> None:
    if each_store.backend.reach == "process":
        workers = 1
    summary = target_tasks.Summary()
    assert luigi.build([summary], local_scheduler=True, workers=workers)
    assert summary.complete()
    assert summary.output().local_path().read_text() == "sold on monday\nsold on tuesday\n"


def test_what_a_task_wrote_has_its_provenance(store: dn.StorageLayer) -> None:
    summary = target_tasks.Summary()
    assert luigi.build([summary], local_scheduler=True)
    document = store.manifest(summary.output().name).document
    assert [name for name, _ in document["inputs"]] == [report.output().name for report in summary.requires()]
    assert store.manifest(summary.requires()[0].output().name).identity["parameters"] == {"day": "monday"}
