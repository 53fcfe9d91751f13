"""A storage layer on S3: one setting moves a project there, readers need not write, and requests are few."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from testbed.faults import Rule, strip_header

import datanectar as dn
from datanectar.cli.application import invoke
from datanectar.errors import RunFailed, StorageAccessError, UnsafeStore
from datanectar.layer.storage_layer import StorageLayer
from datanectar.testing.another_process import elsewhere

NAME = "train_model/classifier/eta/aaaa"

PIPE = """
import numpy as np
import pandas as pd

import datanectar as dn


@dn.task(task_type="extract")
def numbers(n: int = 1000) -> pd.DataFrame:
    return pd.DataFrame({"x": np.arange(n), "y": np.arange(n) / 7})


@dn.task(task_type="train_model", model_family="plain")
def weights(table: pd.DataFrame, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=200_000) + table["y"].mean()


@dn.task
def total(parts: list[np.ndarray]) -> float:
    return float(sum(part.sum() for part in parts))


def pipeline() -> dn.Artifact[float]:
    return total([weights(numbers(), seed) for seed in (1, 2)])
"""


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datanectar", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.fixture
def project(s3_place) -> str:
    """A project in the working directory; returns the URL of a store for it."""
    Path("pipe.py").write_text(PIPE)
    return f"s3://{'/'.join(s3_place)}/artifacts"


def test_one_setting_moves_a_project_to_s3_and_no_name_changes(project):
    on_disk = command("run", "pipe:pipeline", "--json")
    on_s3 = command("run", "pipe:pipeline", "--workers", "2", "--json", DATANECTAR_STORAGE_LAYER=project)
    assert (on_s3.returncode, on_disk.returncode) == (0, 0), on_s3.stderr
    disk, s3 = json.loads(on_disk.stdout), json.loads(on_s3.stdout)
    assert [made.pop("uri").startswith(project) for made in s3] == [True]
    assert [made.pop("uri").startswith("file:///") for made in disk] == [True]
    assert s3 == disk
    listed = command("ls", "--json", DATANECTAR_STORAGE_LAYER=project).stdout
    names = {artifact["name"] for artifact in json.loads(listed)}
    assert names == {artifact["name"] for artifact in json.loads(command("ls", "--json").stdout)}
    assert len(names) == 4
    again = command("run", "pipe:pipeline", DATANECTAR_STORAGE_LAYER=project)
    assert "stored already: " in again.stderr


def test_another_process_opens_a_storage_of_the_configuration_by_its_table_and_variables(s3_bucket, monkeypatch):
    Path("datanectar.toml").write_text(f'[storage.lake]\ntype = "s3"\nbucket = "{s3_bucket}"\n')
    monkeypatch.setenv("DATANECTAR_STORAGE__LAKE__PREFIX", "team")
    with dn.settings():
        layer = dn.storage_layer("lake")
        layer.store("a/b", 1)  # it has a client now
        assert elsewhere(StorageLayer.load, layer, "a/b") == 1
        assert elsewhere(getattr, layer.backend, "url") == layer.backend.url
        assert layer.backend.url.endswith(f"{s3_bucket}/team")
        assert s3_bucket.encode() not in pickle.dumps(layer.backend), "more than its name travels"


@pytest.fixture
def reader(seaweedfs, monkeypatch):
    """From its call on, credentials are those that may only read and list."""

    def become() -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweedfs.reader_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweedfs.reader_secret)

    return become


@dn.task
def answer(of: str) -> int:
    return 42


def test_who_may_only_read_can_load_list_and_plan_and_is_told_what_running_needs(make_backend, make_layer, reader):
    layer = make_layer(make_backend())
    with dn.settings(storage_layer=layer):
        dn.run(answer("life"))
    reader()
    layer = make_layer(make_backend())
    with dn.settings(storage_layer=layer):
        assert answer("life").load() == dn.run(answer("life")) == 42
        assert list(layer.list()) == [answer("life").name]
        assert layer.resolve("task/none/answer@latest") == answer("life").name
        assert [step.status for step in dn.plan(answer("life"), answer("love"))] == ["cached", "run"]
        with pytest.raises((RunFailed, StorageAccessError), match=r"AccessDenied .*s3:PutObject"):
            dn.run(answer("love"))
    assert not any(name in ("PutObject", "DeleteObjects") for name in layer.backend.operations()[:-2])


def test_doctor_says_of_a_read_only_store_what_still_works(project, seaweedfs):
    reading = {"AWS_ACCESS_KEY_ID": seaweedfs.reader_key, "AWS_SECRET_ACCESS_KEY": seaweedfs.reader_secret}
    command("run", "pipe:numbers", DATANECTAR_STORAGE_LAYER=project)
    good = command("doctor", DATANECTAR_STORAGE_LAYER=project)
    assert good.returncode == 0
    assert f"{project} can be read: has artifacts" in good.stdout
    assert "can be written to, and overwrites nothing" in good.stdout
    limited = command("doctor", DATANECTAR_STORAGE_LAYER=project, **reading)
    assert limited.returncode == 0
    assert "read-only: " in limited.stdout
    assert "loading, ls, show and plan work" in limited.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        ("doctor", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials. Set AWS_ACC"),
        ("run pipe:numbers", {"AWS_ACCESS_KEY_ID": "nobody"}, "InvalidAccessKeyId"),
        ("ls", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ("doctor", {"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ("doctor", {"DATANECTAR_STORAGE_LAYER": "s3://no-such-bucket"}, "aws s3 mb s3://no-such-bucket"),
        ("run pipe:numbers", {"DATANECTAR_STORAGE_LAYER": "s3://no-such-bucket"}, "aws s3 mb s3://no-such-bucket"),
        ("ls", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL or the option endpoint_url"),
    ],
)
def test_commands_say_what_is_wrong_with_a_store(project, monkeypatch, capsys, arguments, variables, words):
    for name, value in {"DATANECTAR_STORAGE_LAYER": project, **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.delitem(sys.modules, "pipe", raising=False)  # of another test
    assert invoke(arguments.split()) in (1, 2)
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert "Traceback" not in said.err


# Requests


@pytest.fixture
def layer(backend, make_layer):
    return make_layer(backend)


def test_a_store_is_probed_once_and_then_a_small_result_is_one_request(layer, make_backend, make_layer):
    layer.store(NAME, 42)
    probe = ["PutObject", "PutObject", "GetObject", "DeleteObjects", "PutObject"]
    assert layer.backend.operations() == ["GetObject", *probe, "PutObject"]
    layer.store(f"{NAME}b", 43)
    assert layer.backend.operations() == ["PutObject"]
    later = make_layer(make_backend(prefix="artifacts"))
    later.store(f"{NAME}c", 44)
    assert later.backend.operations() == ["GetObject", "PutObject"]


def test_a_small_result_is_one_request_to_load_and_one_to_ask_for(layer):
    layer.store(NAME, 42)
    layer.backend.operations()
    assert layer.load(NAME) == 42
    assert layer.backend.operations() == ["GetObject"]
    assert layer.exists(NAME)
    assert layer.backend.operations() == ["HeadObject"]


def test_an_array_of_8_mib_travels_in_two_parts(layer):
    layer.store(NAME, 0)
    layer.backend.operations()
    array = np.arange(1 << 20)
    layer.store(f"{NAME}b", array)
    uploading = ["CreateMultipartUpload", "UploadPart", "UploadPart", "CompleteMultipartUpload", "HeadObject"]
    assert layer.backend.operations() == [*uploading, "PutObject"]
    assert (layer.load(f"{NAME}b") == array).all()
    assert layer.backend.operations() == ["GetObject"] * 3
    assert (layer.load(f"{NAME}b") == array).all()  # fetched once per machine
    assert layer.backend.operations() == ["GetObject"]


def test_a_warm_hit_of_a_run_is_one_request_and_a_cold_step_a_few(layer):
    with dn.settings(storage_layer=layer):
        dn.run(answer("life"))
        layer.backend.operations()
        dn.run(answer("love"))
        cold = layer.backend.operations()
        assert dn.run(answer("love")) == 42
        assert layer.backend.operations() == ["GetObject"]
    asking, storing, naming_latest = (
        ["GetObject", "HeadObject"],
        ["PutObject", "HeadObject"],
        ["PutObject", "HeadObject"],
    )
    assert cold == asking + storing + naming_latest


def test_a_thousand_artifacts_are_listed_by_one_request(layer):
    for number in range(20):
        layer.store(f"{NAME}{number}", number)
    layer.backend.operations()
    assert len(list(layer.list())) == 20
    assert sum(layer.exists_many([f"{NAME}{number}" for number in range(20)]).values()) == 20
    assert layer.backend.operations() == ["ListObjectsV2"] * 2


# A store that ignores conditions


def test_a_store_that_ignores_conditions_is_refused_unless_there_is_one_writer(s3_faults, make_backend, make_layer):
    s3_faults.rules.append(Rule(strip_header("if-none-match"), times=None))
    backend = make_backend(endpoint_url=s3_faults.url)
    with pytest.raises(UnsafeStore, match="unsafe_single_writer = true"):
        make_layer(backend).store(NAME, 42)
    assert [info.key for info in backend.list("")] == []
    layer = make_layer(backend, unsafe_single_writer=True)
    layer.store(NAME, 42)
    assert layer.load(NAME) == 42
