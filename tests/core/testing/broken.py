"""Storages that each break one rule, in a module that worker processes can import."""

from __future__ import annotations

import io
import os
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from datanectar.contracts.storage import check_key
from datanectar.errors import AlreadyExists, KeyNotFound, StorageError, StorageUnavailable
from datanectar.records import ObjectInfo
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend

PAGE = 20
#: How many race for a key below ``race/``: a store that breaks when it is contended waits there for all of them.
CONTENDERS = 4
_GUARD = 60.0


class Broken(MemoryBackend):
    """A store in memory; each subclass breaks it."""

    def put(self, key: str, data: bytes) -> ObjectInfo:
        self.delete([key])
        return self.create(key, data)

    def everything(self, source: bytes | Path | io.BufferedIOBase) -> bytes:
        if isinstance(source, Path):
            return source.read_bytes()
        return source if isinstance(source, bytes) else source.read()


class Contended(Broken):
    """Has all who race for a key in the same place at once, so that what is wrong there goes wrong each time."""

    def __init__(self):
        super().__init__()
        self.meetings, self.turn = defaultdict(lambda: threading.Barrier(CONTENDERS)), threading.Lock()

    def meet(self, key):
        if key.startswith("race/"):
            with self.turn:
                meeting = self.meetings[key]
            meeting.wait(_GUARD)


class LooksFirst(Contended):
    """Looks whether the key is free, and then writes."""

    def create(self, key, data):
        if self.stat(key) is not None:
            raise AlreadyExists(f"{key} exists")
        self.meet(key)
        MemoryBackend.delete(self, [key])
        return super().create(key, data)


class Overwrites(Broken):
    """Replaces what is there."""

    def create(self, key, data):
        MemoryBackend.delete(self, [key])
        return super().create(key, data)


class Truncates(Broken):
    """Stores the first megabyte of a stream."""

    def write(self, key, source):
        if isinstance(source, (bytes, Path)):
            return super().write(key, source)
        data = source.read(1 << 20)
        while source.read(1 << 20):
            pass
        return self.create(key, data)


class LiesWhenContended(Contended):
    """Says that a key exists when several ask for it at once, and stores nothing."""

    def create(self, key, data):
        self.meet(key)
        if key in self.meetings:
            raise AlreadyExists(f"{key} exists: 409")
        return super().create(key, data)


class ClaimsWhenContended(Contended):
    """Takes a reply that was lost for a success, though nothing was stored."""

    def create(self, key, data):
        self.meet(key)
        try:
            return super().create(key, data)
        except AlreadyExists:
            if key in self.meetings:
                return ObjectInfo(key, len(data), self.stat(key).modified)
            raise


class LosesPages(Broken):
    """Lists the first page only."""

    def list(self, prefix):
        yield from list(super().list(prefix))[:PAGE]


class ListsTwice(Broken):
    """Lists the last key of a page again on the next."""

    def list(self, prefix):
        for number, info in enumerate(super().list(prefix), 1):
            yield info
            if number % PAGE == 0:
                yield info


class PagesByNumber(Broken):
    """Asks for the next page by how many keys came before, which others delete meanwhile."""

    def list(self, prefix):
        start = 0
        while page := sorted(super().list(prefix), key=lambda info: info.key)[start : start + PAGE]:
            yield from page
            start += PAGE


class ListsWholeSegments(Broken):
    """Takes a prefix for a directory."""

    def list(self, prefix):
        folder = prefix.rstrip("/")
        return (info for info in super().list("") if not folder or f"{info.key}/".startswith(f"{folder}/"))


class RaisesOnMissing(Broken):
    """Takes a key that is gone already for an error."""

    def delete(self, keys):
        for key in keys:
            self.read(key)
            super().delete([key])


class StopsAfterBatch(Broken):
    """Deletes as many keys as one request takes."""

    def delete(self, keys):
        super().delete(list(keys)[:PAGE])


class WantsLists(Broken):
    """Goes through the keys twice."""

    def delete(self, keys):
        len([key for key in keys if key])
        super().delete(keys)


class ShowsHalves(Broken):
    """Has an object grow under its final key, and removes it if something goes wrong."""

    @contextmanager
    def writer(self, key):
        backend, written = self, bytearray()

        class Sink(io.RawIOBase):
            def write(self, data):
                written.extend(data)
                backend.put(key, bytes(written))
                return len(memoryview(data).cast("B"))

        self.create(key, b"")
        try:
            yield Sink()
        except BaseException:
            self.delete([key])
            raise


class KeepsHalves(Broken):
    """Stores what came before the source raised."""

    def write(self, key, source):
        if isinstance(source, (bytes, Path)):
            return super().write(key, source)
        data = b""
        try:
            while chunk := source.read(1 << 16):
                data += chunk
        finally:
            info = self.create(key, data)
        return info


class SwallowsErrors(Broken):
    """Says that it stored what it could not read."""

    def write(self, key, source):
        try:
            return super().write(key, source)
        except StorageError:
            raise
        except Exception:
            return ObjectInfo(key, 0, self.create("other", b"").modified)


class Rewinds(Broken):
    """Reads a stream from its start, wherever it stands."""

    def write(self, key, source):
        if isinstance(source, io.BytesIO):
            source.seek(0)
        return super().write(key, source)


class EmptyIfMissing(Broken):
    """Gives no bytes where there is no object."""

    def read(self, key):
        try:
            return super().read(key)
        except KeyNotFound:
            return b""


class ForgetsTheKey(Broken):
    """Passes on an error that does not say what is missing."""

    def _get(self, key):
        try:
            return super()._get(key)
        except KeyNotFound:
            raise KeyNotFound("HTTP 404") from None


class LeavesItsPart(Broken):
    """Marks a key as being written, and leaves the mark when that fails."""

    def __init__(self):
        super().__init__()
        self.parts = set()

    def write(self, key, source):
        if key in self.parts:
            raise StorageUnavailable(f"{key} is being written by another")
        self.parts.add(key)
        info = super().write(key, source)
        self.parts.remove(key)
        return info


class TakesEmptyForFree(Broken):
    """Creates anew what has no bytes."""

    def create(self, key, data):
        if self._content.objects.get(check_key(key), (b"other",))[0] == b"":
            MemoryBackend.delete(self, [key])
        return super().create(key, data)


class CutsTails(Broken):
    """Has a range without an end stop after 8 MiB."""

    def open(self, key, start=0, end=None):
        return super().open(key, start, start + (8 << 20) if start and end is None else end)


class ForgetsSizes(Broken):
    """Counts the bytes of streams, and not what it is given whole."""

    def write(self, key, source):
        info = super().write(key, source)
        return replace(info, size=0) if isinstance(source, (bytes, Path)) else info


class IncludesTheEnd(Broken):
    """Takes ranges as HTTP does."""

    def open(self, key, start=0, end=None):
        return super().open(key, start, None if end is None else end + 1)


class WrongSize(Broken):
    """Counts a byte too much."""

    def stat(self, key):
        info = super().stat(key)
        return info and replace(info, size=info.size + 1)


class NaiveTimes(Broken):
    """Tells times without a zone."""

    def list(self, prefix):
        return (replace(info, modified=info.modified.replace(tzinfo=None)) for info in super().list(prefix))


class TakesAnyKey(Broken):
    """Holds every key, and takes two slashes for one."""

    @staticmethod
    def known(key):
        return "k" + "".join(f"{ord(letter):x}" for letter in key.replace("//", "/"))[-200:]

    def _get(self, key):
        return super()._get(self.known(key))

    def create(self, key, data):
        return super().create(self.known(key), data)

    def stat(self, key):
        return super().stat(self.known(key))

    def delete(self, keys):
        super().delete(map(self.known, keys))


class FoldsKeys(Broken):
    """Takes two dots for one."""

    def _get(self, key):
        return super()._get(key.replace("..", "."))

    def create(self, key, data):
        return super().create(key.replace("..", "."), data)


class NeverForgets(Broken):
    """Keeps what it has read, whatever becomes of it."""

    def __init__(self):
        super().__init__()
        self.kept = {}

    def _get(self, key):
        if key not in self.kept:
            self.kept[key] = super()._get(key)
        return self.kept[key]


class SharesItsState(Broken):
    """Notes which key it is at where all threads see it."""

    def read(self, key):
        self.key = key
        time.sleep(0.002)  # others read meanwhile
        return super().read(self.key)


class ShowsItsPassword(Broken):
    """Has the password in its URL."""

    def __init__(self):
        super().__init__()
        self.url = "memory://user:hunter2@host/store"


class Disk(LocalBackend):
    """A store on disk, which other processes share; each subclass breaks it."""

    def __init__(self, root):
        super().__init__(LocalOptions(Path(root), durability="none"))

    def meet(self, key, count):
        """Waits until `count` processes are here, each of which leaves a file to say so."""
        if not key.startswith("race/"):
            return
        self.arrive(key)
        end = time.monotonic() + _GUARD
        while len(list(Path(self.root).glob(f".here-{key.replace('/', '-')}-*"))) < count and time.monotonic() < end:
            time.sleep(0.001)

    def arrive(self, key):
        Path(self.root, f".here-{key.replace('/', '-')}-{os.getpid()}").touch()


class LooksFirstOnDisk(Disk):
    """Looks whether the key is free, and then writes."""

    def create(self, key, data):
        path = Path(self.path(key))
        if path.exists():
            raise AlreadyExists(f"{key} exists")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.meet(key, CONTENDERS)
        temporary = path.with_name(f".{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(path)
        return self.stat(key)


class WritesInPlace(Disk):
    """Opens the file under its final name, which is taken from then on, and then writes it."""

    def create(self, key, data):
        path = Path(self.path(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb", buffering=0) as file:
                file.write(data[:10])
                self.meet(key, CONTENDERS)
                file.write(data[10:])
        except FileExistsError as error:
            raise AlreadyExists(f"{key} exists") from error
        return self.stat(key)

    def read(self, key):
        data = super().read(key)
        if key.startswith("race/"):
            self.arrive(key)
        return data


class PicklesEmpty(Disk):
    """Opens another store from its pickle."""

    def __reduce__(self):
        return type(self), (tempfile.mkdtemp(),)


class Client:
    """What a real one holds is not for pickles; this one lets itself be."""

    token = "secret"


class CarriesItsClient(Disk):
    """Makes a client on first use and has it travel along."""

    def read(self, key):
        self.client = Client()
        return super().read(key)


class CannotTravel(Disk):
    """Holds what no pickle takes."""

    def __init__(self, root):
        super().__init__(root)
        self.lock = threading.Lock()


class RemembersListings(Disk):
    """Gives the same listing again until it stores or deletes something itself."""

    def __init__(self, root):
        super().__init__(root)
        self.found = {}

    def __reduce__(self):
        return type(self), (self.root,)

    def list(self, prefix):
        if prefix not in self.found:
            self.found[prefix] = list(super().list(prefix))
        return iter(self.found[prefix])

    def create(self, key, data):
        self.found.clear()
        return super().create(key, data)

    def delete(self, keys):
        self.found.clear()
        super().delete(keys)


class RemembersWhatIsMissing(Disk):
    """Takes a key that was free for free until it stores it itself."""

    def __init__(self, root):
        super().__init__(root)
        self.missing = set()

    def __reduce__(self):
        return type(self), (self.root,)

    def stat(self, key):
        info = None if key in self.missing else super().stat(key)
        if info is None:
            self.missing.add(key)
        return info

    def create(self, key, data):
        self.missing.discard(key)
        return super().create(key, data)


class LeavesItsPartOnDisk(Disk):
    """Marks a key as being written, and takes the mark of a process that was killed for that of another."""

    @contextmanager
    def writer(self, key):
        mark = Path(self.root, f".tmp-{key.replace('/', '-')}")
        mark.parent.mkdir(parents=True, exist_ok=True)
        try:
            mark.touch(exist_ok=False)
        except FileExistsError as error:
            raise StorageUnavailable(f"{key} is being written by another") from error
        try:
            with super().writer(key) as sink:
                yield sink
        finally:
            mark.unlink()


class EndsOtherProcesses(Disk):
    """Has a client that takes down every process that is not the first."""

    def __setstate__(self, state):
        os._exit(3)


class ReadsWhole(Disk):
    """Has a whole object in memory, to give it away piece by piece."""

    def open(self, key, start=0, end=None):
        return io.BytesIO(self.read(key)[start:end])


class CollectsWhole(Disk):
    """Has a whole object in memory before it is stored."""

    @contextmanager
    def writer(self, key):
        sink = io.BytesIO()
        yield sink
        self.create(key, sink.getvalue())
