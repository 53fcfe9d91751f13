"""Paths from a store: a verified file or directory under its own name, in the user's private cache.

Where the store is a local disk, what the directory has are links to the store's files; else it has copies. It is named
by the digest of its content, appears whole or not at all, and is mended where something in it is not as it was stored.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from datanectar.contracts.serialization import StoredFile
from datanectar.errors import IntegrityError, SerializationError, StorageError
from datanectar.layer.manifest import Manifest
from datanectar.layer.user_directories import cache_directory
from datanectar.layer.verification import check_file, stamp
from datanectar.values.typed_json import dumps

Read = Callable[[int, bool], StoredFile]


def unpack(manifest: Manifest, node: dict[str, Any], read: Read, *, trust_stamp: bool) -> Path:
    """Returns a path with a stored file or directory.

    Args:
        manifest: What the artifact is made of.
        node: The path's node in the tree of files.
        read: Gives a verified file by its number.
        trust_stamp: Whether a copy that was checked before is not hashed again.

    Raises:
        IntegrityError: A file in the store is missing or damaged.
        SerializationError: The user's cache directory cannot be written to.
    """
    try:
        return _Unpacking(manifest, read, trust_stamp).into_cache(node["path"], node["content"])
    except StorageError:
        raise
    except OSError as error:
        msg = (
            f"{manifest.name} is a path, which is unpacked in your cache directory, and that failed: {error.strerror}: "
            f"{error.filename}. Mend {cache_directory()}, or set XDG_CACHE_HOME to another directory"
        )
        raise SerializationError(msg) from error


class _Unpacking:
    def __init__(self, manifest: Manifest, read: Read, trust_stamp: bool) -> None:
        self._manifest, self._read, self._trust_stamp = manifest, read, trust_stamp

    def into_cache(self, name: str, content: Any) -> Path:
        label = sha256(dumps([name, self._digests(content)]).encode()).hexdigest()
        home = cache_directory() / "paths" / label
        if not home.exists():
            self._make(home, name, content)
        # Also where it was just made: perhaps by another process, which had other links.
        self._mend_directory(home, [[name, content]])
        return home / name

    def _digests(self, content: Any) -> Any:
        if type(content) is int:
            return self._manifest.files[content]["sha256"]
        return [[name, self._digests(inner)] for name, inner in content]

    def _make(self, home: Path, name: str, content: Any) -> None:
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = Path(tempfile.mkdtemp(prefix=".", dir=home.parent))
        try:
            copies = self._mend_directory(temporary, [[name, content]])
            os.rename(temporary, home)
        except OSError:
            if not home.is_dir():  # else another process was faster, and has the same
                raise
        else:
            for path, digest in copies:
                stamp(home / path.relative_to(temporary), digest)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _mend_directory(self, folder: Path, content: list[list[Any]]) -> list[tuple[Path, str]]:
        """Makes a directory hold what was stored and nothing else; returns the copies that were made."""
        if folder.is_symlink() or not folder.is_dir():
            _remove(folder)
            folder.mkdir(mode=0o700, exist_ok=True)
        names = {name for name, _ in content}
        for found in os.listdir(folder):
            if found not in names:
                _remove(folder / found)
        copies: list[tuple[Path, str]] = []
        for name, inner in content:
            if type(inner) is int:
                copies += self._mend_file(folder / name, inner)
            else:
                copies += self._mend_directory(folder / name, inner)
        return copies

    def _mend_file(self, path: Path, number: int) -> list[tuple[Path, str]]:
        size, digest = self._manifest.digests[number]
        if not path.is_symlink() and path.is_file():
            try:
                check_file(path, str(path), size, digest, trust_stamp=self._trust_stamp)
                return []
            except (FileNotFoundError, IntegrityError):
                pass
        source = self._read(number, False)
        if source.path is not None and path.is_symlink() and os.readlink(path) == str(source.path):
            return []
        if path.is_dir() and not path.is_symlink():
            _remove(path)
        temporary = cache_directory() / "paths" / f".{os.urandom(12).hex()}"
        try:
            linked = source.path is not None and _link(source.path, temporary)
            if not linked:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(descriptor, "wb") as copy, source.open() as stream:
                    shutil.copyfileobj(stream, copy, 1 << 20)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return [] if linked else [(path, digest)]


def _link(source: Path, path: Path) -> bool:
    try:
        os.symlink(source, path)
    except OSError:  # Windows wants a privilege for it
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
