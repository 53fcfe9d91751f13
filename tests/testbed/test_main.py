"""`python -m testbed` runs a command with a server, and says what to type."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_testbed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "testbed", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_a_command_runs_with_an_s3_bucket_and_its_exit_code_is_passed_on() -> None:
    source = """if True:
        import boto3, os
        buckets = boto3.client("s3").list_buckets()["Buckets"]
        print(os.environ["DATANECTAR_STORAGE_LAYER"], [bucket["Name"] for bucket in buckets])
        raise SystemExit(7)
    """
    done = run_testbed("s3", "--", sys.executable, "-c", source)
    assert (done.returncode, done.stdout) == (7, "s3://datanectar/artifacts ['datanectar']\n"), done.stderr


def test_a_command_runs_with_an_azure_container() -> None:
    source = """if True:
        import os
        from azure.storage.blob import BlobServiceClient
        with BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"]) as service:
            print(os.environ["DATANECTAR_STORAGE_LAYER"], [container.name for container in service.list_containers()])
    """
    done = run_testbed("azure", "--", sys.executable, "-c", source)
    assert (done.returncode, done.stdout) == (0, "az://datanectar/artifacts ['datanectar']\n"), done.stderr


def test_a_command_has_several_servers_at_once() -> None:
    source = """if True:
        import os, urllib.request
        url = os.environ["DATANECTAR_ORCHESTRATORS__LUIGI__SCHEDULER"]
        with urllib.request.urlopen(f"{url}/api/is_paused") as answer:
            print(os.environ["DATANECTAR_STORAGE_LAYER"], os.environ["DATANECTAR_ORCHESTRATOR"], answer.status)
    """
    done = run_testbed("s3", "luigi", "--", sys.executable, "-c", source)
    assert (done.returncode, done.stdout) == (0, "s3://datanectar/artifacts luigi 200\n"), done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_a_command_stops_its_server(number: signal.Signals) -> None:
    source = "import os, signal; print(os.environ['AWS_ENDPOINT_URL'], flush=True); signal.pause()"
    command = [sys.executable, "-m", "testbed", "s3", "--", sys.executable, "-c", source]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert running.stdout is not None
    try:
        port = int(running.stdout.readline().rpartition(":")[2])
        if number == signal.SIGINT:
            os.killpg(running.pid, number)  # as a terminal does
        else:
            running.send_signal(number)
        running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 128 + number
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: s3|azure|luigi|install"),
        (("s3", "install", "--", "true"), "install stands alone"),
        (("gcs", "--", "true"), "invalid choice: 'gcs' (choose from"),
        (("s3",), "no command given; for example: python -m testbed s3 -- datanectar ls"),
        (("s3", "datanectar", "list"), "put -- before the command: python -m testbed s3 -- datanectar list"),
    ],
)
def test_usage_errors_say_what_to_type(arguments: tuple[str, ...], message: str) -> None:
    done = run_testbed(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_command_that_is_not_there_is_named() -> None:
    done = run_testbed("s3", "--", "no-such-command")
    assert done.returncode == 127
    assert done.stderr == "python -m testbed: cannot run 'no-such-command': No such file or directory\n"
