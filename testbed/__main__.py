"""Runs a command with a fresh server and the environment to use it: `python -m testbed s3|azure -- COMMAND…`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from testbed.azurite import Azurite, install
from testbed.process import ServerFailed, Store
from testbed.seaweedfs import SeaweedFS

SERVERS: dict[str, type[Store]] = {"s3": SeaweedFS, "azure": Azurite}
BUCKET = "datanectar"
NOT_FOUND = 127  # as shells say it


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m testbed",
        usage="%(prog)s {s3,azure} -- COMMAND…\n       %(prog)s install",
        description="Runs a command with a fresh server, a bucket on it, and the environment to use them.",
    )
    what = "s3: SeaweedFS; azure: Azurite; install: only install Azurite, which otherwise happens on first use"
    parser.add_argument("server", choices=[*SERVERS, "install"], metavar="s3|azure|install", help=what)
    split = arguments.index("--") if "--" in arguments else len(arguments)
    known, unknown = parser.parse_known_args(arguments[:split])
    if unknown:
        parser.error(f"put -- before the command: python -m testbed {known.server} -- {' '.join(unknown)}")
    name, command = known.server, arguments[split + 1 :]
    if name == "install":
        install()
        return 0
    if not command:
        parser.error(f"no command given; for example: python -m testbed {name} -- datanectar list")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="testbed-") as directory, SERVERS[name](Path(directory)) as server:
        server.make_bucket(BUCKET)
        variables = {**server.client_environment, "DATANECTAR_STORAGE_LAYER": f"{server.scheme}://{BUCKET}/artifacts"}
        # A session token or a profile of the user's would win over the server's keys.
        others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AZURE_"))}
        return run(command, {**others, **variables})


def run(command: list[str], environment: dict[str, str]) -> int:
    """Runs a command to its end and returns its exit code; what asks us to stop is for the command to answer."""
    signal.signal(signal.SIGINT, lambda *_: None)  # a terminal sends Ctrl-C to the command as well
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        print(f"python -m testbed: cannot run {command[0]!r}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServerFailed as error:
        sys.exit(f"python -m testbed: {error}")
    except KeyboardInterrupt:  # while the server started
        sys.exit(128 + signal.SIGINT)
