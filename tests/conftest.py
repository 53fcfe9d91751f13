"""What every test gets: a home of its own, an empty working directory, and no settings from outside.

And what tests of remote stores ask for: real servers, one of a kind in each process of the tests, from `testbed/`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import hypothesis
import pytest

if TYPE_CHECKING:
    from testbed.azurite import Azurite
    from testbed.faults import FaultProxy
    from testbed.luigid import Luigid
    from testbed.process import Store
    from testbed.seaweedfs import SeaweedFS

sys.path.append(str(Path(__file__).parents[1]))  # testbed/ is no package that is installed

# How long an example takes is the machine's affair: no test asserts on time.
hypothesis.settings.register_profile("datanectar", deadline=None)
hypothesis.settings.load_profile("datanectar")

# A job in the background ignores Ctrl-C, and so would all processes that tests start in order to interrupt them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def private_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps tests off the user's keys, caches, configuration and cloud accounts; returns the working directory."""
    home = tmp_path_factory.mktemp("home")
    for variable in [name for name in os.environ if name.startswith(("DATANECTAR_", "AWS_", "AZURE_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    work = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(work)
    return work


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """An S3 server."""
    from testbed.seaweedfs import SeaweedFS

    with SeaweedFS(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Azurite]:
    """An Azure Blob server."""
    from testbed.azurite import Azurite, install

    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        install()  # says in a line why the first use takes long
    with Azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture
def luigid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luigid]:
    """A central scheduler of Luigi that nobody has used yet."""
    from testbed.luigid import Luigid

    with Luigid(tmp_path_factory.mktemp("luigid")) as server:
        yield server


@pytest.fixture
def s3_bucket(seaweedfs: SeaweedFS, private_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a new bucket on `seaweedfs`; the environment has the endpoint and the credentials."""
    return new_bucket(seaweedfs, monkeypatch)


@pytest.fixture(scope="session")
def s3_shared_bucket(seaweedfs: SeaweedFS) -> str:
    """The name of a bucket on `seaweedfs` that tests share: in a new one, the first object takes half a second."""
    name = f"shared-{uuid4().hex}"
    seaweedfs.make_bucket(name)
    return name


@pytest.fixture
def s3_place(
    seaweedfs: SeaweedFS, s3_shared_bucket: str, private_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """A bucket and a prefix in it that is this test's own; the environment is as for `s3_bucket`."""
    use_server(seaweedfs, monkeypatch)
    return s3_shared_bucket, uuid4().hex[:12]  # as short as a prefix may be, for keys of the greatest length


@pytest.fixture
def azure_container(azurite: Azurite, private_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a new container on `azurite`; the environment has the connection string."""
    return new_bucket(azurite, monkeypatch)


def use_server(server: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in server.client_environment.items():
        monkeypatch.setenv(variable, value)


def new_bucket(server: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    use_server(server, monkeypatch)
    name = f"test-{uuid4().hex}"
    server.make_bucket(name)
    return name


@pytest.fixture
def s3_faults(seaweedfs: SeaweedFS) -> Iterator[FaultProxy]:
    """A proxy before `seaweedfs`; a client that is to suffer takes its `url` as endpoint."""
    from testbed.faults import FaultProxy

    with FaultProxy(seaweedfs.host, seaweedfs.port, seaweedfs.sign) as proxy:
        yield proxy


@pytest.fixture
def azure_faults(azurite: Azurite) -> Iterator[FaultProxy]:
    """A proxy before `azurite`; a client that is to suffer takes `azurite.connection_string_via(proxy.port)`."""
    from testbed.faults import FaultProxy

    with FaultProxy(azurite.host, azurite.port, azurite.sign) as proxy:
        yield proxy
