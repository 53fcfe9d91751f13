"""The registry in a store: a numbered log of immutable versions, of which the highest is in force."""

from __future__ import annotations

import re
import time
from itertools import count
from typing import NamedTuple

import datanectar as dn
from datanectar.errors import AlreadyExists, CommitUnknown, KeyNotFound, StorageError, StorageUnavailable

_PREFIX = "registry/"
_KEY = re.compile(rf"{_PREFIX}(\d+)\.pb")
_KEPT = 100
_DEADLINE = 60.0  # seconds
_LONGEST_PAUSE = 5.0


def key_of_version(number: int) -> str:
    """The key of the version of this number."""
    return f"{_PREFIX}{number:09d}.pb"


class Version(NamedTuple):
    """One version of the registry, as it is stored."""

    info: dn.ObjectInfo
    data: bytes

    @property
    def number(self) -> int:
        """Its number."""
        return number_of(self.info)


def number_of(version: dn.ObjectInfo) -> int:
    """The number of a version that was listed."""
    found = _KEY.fullmatch(version.key)
    assert found is not None
    return int(found[1])


class RegistryLog:
    """The versions of one registry.

    Attributes:
        url: Where the store is.
    """

    def __init__(self, layer: dn.StorageLayer) -> None:
        self._layer, self._backend = layer, layer.backend
        self.url = self._backend.url

    def prepare(self) -> None:
        """Checks before the first write that the store honours put-if-absent, on which everything here rests."""
        self._layer.writer.prepare()

    def versions(self) -> list[dn.ObjectInfo]:
        """Lists the versions, the one in force last."""
        return sorted((info for info in self._backend.list(_PREFIX) if _KEY.fullmatch(info.key)), key=number_of)

    def read(self, version: dn.ObjectInfo) -> Version:
        """Reads a version.

        Raises:
            KeyNotFound: It was trimmed or removed since it was listed.
        """
        return Version(version, self._backend.read(version.key))

    def is_before(self, base: Version, head: Version, listed: list[dn.ObjectInfo]) -> bool:
        """Whether the version in force came from `base`, rather than being of a registry that was made anew.

        Args:
            base: An earlier version.
            head: The one in force.
            listed: What `versions` returned.

        Raises:
            KeyNotFound: Versions were removed since they were listed.
        """
        if head.info.key == base.info.key:
            return head.data == base.data
        found = next((info for info in listed if info.key == base.info.key), None)
        if found is None:  # trimmed, if not removed with all others
            return number_of(listed[0]) > base.number
        # Stores tell the time of an object differently when it is new, so a difference is no answer.
        return found == base.info or self.read(found).data == base.data

    def append(self, listed: list[dn.ObjectInfo], data: bytes) -> Version | None:
        """Commits the version after those that were listed, and drops what is older than a hundred versions.

        Args:
            listed: What `versions` returned.
            data: The new version's bytes; no other version has the same, so that it is known again.

        Returns:
            The new version; or None if another process was faster, and nothing was committed.

        Raises:
            CommitUnknown: The store gave no clear answer before the deadline.
        """
        number = number_of(listed[-1]) + 1 if listed else 1
        key = key_of_version(number)
        created = self._create(key, data)
        if created is None or self._was_overtaken(listed, key):
            return None
        try:
            self._backend.delete([old.key for old in listed if number_of(old) < number - _KEPT])
        except StorageError:  # they are in nobody's way, and the commit is done
            pass
        return Version(created, data)

    def _create(self, key: str, data: bytes) -> dn.ObjectInfo | None:
        """Creates an object, or returns None if its key is another one's.

        A refusal does not mean that another process won: the reply to our own create may have been lost. So the object
        is read back whenever the answer leaves a doubt.
        """
        deadline = time.monotonic() + _DEADLINE
        for retry in count(1):
            doubt: Exception
            try:
                return self._backend.create(key, data)
            except (AlreadyExists, StorageUnavailable) as error:
                doubt = error
            try:
                standing = self._backend.stat(key)
                if standing is not None:
                    return standing if self._backend.read(key) == data else None
                if isinstance(doubt, AlreadyExists):  # trimmed or removed since: look anew
                    return None
            except KeyNotFound:
                return None
            except StorageUnavailable as error:
                doubt = error
            pause = dn.pause_before(retry, longest=_LONGEST_PAUSE)
            if time.monotonic() + pause > deadline:
                msg = (
                    f"{self.url} gave no clear answer for {key} within {_DEADLINE:.0f} s; this version of the registry "
                    "may or may not be stored. Apply again when the store answers: what is stored is not stored twice"
                )
                raise CommitUnknown(msg) from doubt
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _was_overtaken(self, listed: list[dn.ObjectInfo], key: str) -> bool:
        """Takes a version back that is in force for nobody: others committed so much that its number was free again."""
        if listed and self._backend.stat(listed[-1].key) is not None:
            return False
        if self.versions()[-1].key == key:  # the first one; or all others were removed
            return False
        self._backend.delete([key])
        return True

    def clear(self) -> None:
        """Removes all versions, the one in force last, so that an older one never is."""
        for version in self.versions():
            self._backend.delete([version.key])
