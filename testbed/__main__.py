"""Runs a command with fresh servers and the environment to use them: `python -m testbed s3 luigi -- COMMAND…`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path

from testbed.azurite import Azurite, install
from testbed.luigid import Luigid
from testbed.process import Server, ServerFailed, Store
from testbed.seaweedfs import SeaweedFS

SERVERS: dict[str, type[Server]] = {"s3": SeaweedFS, "azure": Azurite, "luigi": Luigid}
BUCKET = "datanectar"
NOT_FOUND = 127  # as shells say it


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m testbed",
        usage="%(prog)s {s3,azure,luigi}… -- COMMAND…\n       %(prog)s install",
        description="Runs a command with fresh servers, buckets on them, and the environment to use them.",
    )
    what = "s3: SeaweedFS; azure: Azurite; luigi: luigid; install: only install Azurite, which first use does else"
    parser.add_argument("server", nargs="+", metavar="s3|azure|luigi|install", help=what)
    split = arguments.index("--") if "--" in arguments else len(arguments)
    names, command = parser.parse_args(arguments[:split]).server, arguments[split + 1 :]
    known = list(takewhile((*SERVERS, "install").__contains__, names))
    if not known:
        parser.error(f"invalid choice: {names[0]!r} (choose from {', '.join(SERVERS)}, install)")
    if known != names:
        unknown = " ".join(names[len(known) :])
        parser.error(f"put -- before the command: python -m testbed {' '.join(known)} -- {unknown}")
    if names == ["install"]:
        install()
        return 0
    if "install" in names:
        parser.error("install stands alone: python -m testbed install")
    if not command:
        parser.error(f"no command given; for example: python -m testbed {' '.join(names)} -- datanectar ls")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # A session token or a profile of the user's would win over the servers' keys.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AZURE_"))}
    with ExitStack() as running:
        for name in names:
            directory = running.enter_context(tempfile.TemporaryDirectory(prefix="testbed-"))
            server = running.enter_context(SERVERS[name](Path(directory)))
            environment |= server.client_environment
            if isinstance(server, Store):
                server.make_bucket(BUCKET)
                environment["DATANECTAR_STORAGE_LAYER"] = f"{server.scheme}://{BUCKET}/artifacts"
        return run(command, environment)


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
