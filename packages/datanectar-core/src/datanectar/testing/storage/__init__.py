"""The kit that keeps every store honest: subclass `StorageConformance`, give it one fixture, and run pytest."""

from __future__ import annotations

from typing import Any

from datanectar.testing.storage.commits import Commits
from datanectar.testing.storage.crashes import Crashes
from datanectar.testing.storage.creation import Creation
from datanectar.testing.storage.keys import Keys
from datanectar.testing.storage.limits import Concurrency, Memory
from datanectar.testing.storage.listings import Listings
from datanectar.testing.storage.objects import Objects
from datanectar.testing.storage.processes import Processes
from datanectar.testing.storage.secrecy import Secrecy
from datanectar.testing.storage.streams import Streams


class StorageConformance(
    Objects, Streams, Keys, Creation, Listings, Concurrency, Secrecy, Commits, Processes, Crashes, Memory
):
    """The rules of `StorageBackend`, as tests::

        class TestMyStore(StorageConformance):
            @pytest.fixture
            def backend(self, tmp_path):
                return MyBackend(MyOptions(tmp_path / "store"))

    The fixture returns a fresh, empty store. Other processes are spawned, and open it from its pickle; they get the
    environment that the test has.

    Attributes:
        processes: False for a store whose `reach` is ``"process"``: what takes several is left out.
        huge: The size of an object that goes in and out in less memory than half of it; None, where objects are in
            memory by nature, leaves that out.
        page: Keys in one page of the store's listings, or one request to delete, whichever is more.
        contenders: How many race for one key.
        rounds: How often they do.
        threads: How many threads use one backend at once.
        clock_skew: By how many seconds the store's clock may differ from this machine's.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.processes:
            _leave_out(cls, Processes, Crashes, Memory)
        if cls.huge is None:
            _leave_out(cls, Memory)


def _leave_out(cls: type, *parts: type) -> None:
    """Takes the tests of some parts out of a class. A skip would say that something should have run."""
    for name in (name for part in parts for name in vars(part)):
        if name.startswith("test_"):
            setattr(cls, name, None)
