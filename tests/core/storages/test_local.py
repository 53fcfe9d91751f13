"""The local disk: modes, temporary files, directories that come and go, and every way a file system says no."""

import errno
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from datanectar.errors import (
    AlreadyExists,
    ConfigurationError,
    KeyNotFound,
    StorageAccessError,
    StorageError,
    StorageFull,
    UnsafeStore,
)
from datanectar.storages import local
from datanectar.storages.local import LocalBackend, LocalOptions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep/store"


@pytest.fixture
def backend(root: Path) -> LocalBackend:
    return LocalBackend(LocalOptions(root))


@pytest.fixture(params=["nameless", "temporary"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to make a file that has no name yet."""
    if request.param == "temporary":
        monkeypatch.setattr(local, "_O_TMPFILE", None)
    return request.param


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def failing(number: int):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return fail


# Names and modes


def test_directories_are_0700_and_files_0600_whatever_the_umask(backend, root, kind):
    before = os.umask(0)
    try:
        backend.create("a/b/c", b"x")
        with backend.writer("a/d") as sink:
            sink.write(b"x")
    finally:
        os.umask(before)
    for path in (root, *root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_object_is_a_file_of_one_name(backend, root, kind):
    backend.create("a/b", b"x")
    path = backend.local_path("a/b")
    assert path == root / "a/b"
    assert path.stat().st_nlink == 1
    assert files(root) == ["a/b"]


def test_what_is_told_of_an_object_is_the_same_however_it_is_asked(backend):
    assert backend.create("a/b", b"x") == backend.stat("a/b") == next(backend.list(""))


def test_a_link_is_the_file_itself(backend, root):
    backend.create("a/b", b"x")
    assert backend.link("a/b", 60) == (root / "a/b").as_uri()


def test_empty_directories_go_with_their_last_object_but_the_root_stays(backend, root):
    backend.create("a/b/c", b"")
    backend.delete(["a/b/c"])
    assert list(root.iterdir()) == []


def test_strangers_in_the_directory_are_not_listed(backend, root):
    backend.create("a/b", b"")
    (root / "a/.tmp-x").write_bytes(b"half")
    (root / ".git").mkdir()
    assert [info.key for info in backend.list("")] == ["a/b"]


@pytest.mark.parametrize("url", ["file:///data/my%20store", "file://localhost/data/my%20store"])
def test_a_url_is_read(url):
    assert LocalOptions.from_url(url) == LocalOptions(Path("/data/my store"))


@pytest.mark.parametrize("url", ["file://relative/path", "file://"])
def test_a_url_without_an_absolute_path_is_refused(url):
    with pytest.raises(ConfigurationError, match="file:///absolute/path"):
        LocalOptions.from_url(url)


@pytest.mark.parametrize("url", ["file:///a#1", "file:///a?b=1", "file:///a?", "file:///a#"])
def test_a_url_with_a_query_or_fragment_is_refused(url):
    with pytest.raises(ConfigurationError, match=r"no query or fragment; percent-encode .* \? as %3F, # as %23"):
        LocalOptions.from_url(url)


def test_a_percent_encoded_url_is_any_path():
    assert LocalOptions.from_url(Path("/a#1?b").as_uri()).path == Path("/a#1?b")


def test_a_relative_path_is_bound_to_where_the_backend_was_made(tmp_path, monkeypatch):
    backend = LocalBackend(LocalOptions(Path("store")))
    place = Path.cwd()
    monkeypatch.chdir(tmp_path)
    backend.create("k", b"")
    assert (place / "store/k").exists()


# Races


TENANT = """
import sys
from pathlib import Path
from datanectar.storages import local

me, root, kind = sys.argv[1:]
if kind == "temporary":
    local._O_TMPFILE = None
backend = local.LocalBackend(local.LocalOptions(Path(root), durability="none"))
print("ready", flush=True)
sys.stdin.readline()
for number in range(500):
    key = f"a/b/c/{me}{number}"
    backend.create(key, b"x")
    backend.delete([key])
"""


def test_writers_get_through_while_others_take_empty_directories_away(root, kind):
    command = [sys.executable, "-c", TENANT]
    tenants = [
        subprocess.Popen([*command, me, root, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for me in "abc"
    ]
    assert {tenant.stdout.readline() for tenant in tenants} == {"ready\n"}
    for tenant in tenants:
        tenant.stdin.write("go\n")
        tenant.stdin.flush()
    for tenant in tenants:
        tenant.communicate()
    assert [tenant.returncode for tenant in tenants] == [0, 0, 0]


@pytest.mark.parametrize("call", ["create", "writer"])
def test_a_directory_removed_before_the_link_is_made_again(backend, root, monkeypatch, call):
    real = local._link
    removed = []

    def link_after_removal(descriptor, temporary, path):
        if not removed:
            removed.append(path)
            os.rmdir(os.path.dirname(path))
            os.rmdir(root / "a")
        real(descriptor, temporary, path)

    monkeypatch.setattr(local, "_link", link_after_removal)
    if call == "create":
        backend.create("a/b/c", b"x")
    else:
        with backend.writer("a/b/c") as sink:
            sink.write(b"x")
    assert removed
    assert backend.read("a/b/c") == b"x"


def test_a_store_that_was_removed_under_a_temporary_file_is_told(backend, root, monkeypatch):
    monkeypatch.setattr(local, "_O_TMPFILE", None)

    def vanish(descriptor):
        for path in (root / "a").iterdir():
            path.unlink()

    monkeypatch.setattr(os, "fsync", vanish)
    with pytest.raises(StorageAccessError, match="No such file"):
        backend.create("a/b", b"x")


# File systems that lack something


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
def test_a_file_system_without_nameless_files_gets_temporary_ones(backend, root, monkeypatch, number):
    real = os.open

    def refuse(path, flags, *args, **kwargs):
        if local._O_TMPFILE is not None and flags & local._O_TMPFILE == local._O_TMPFILE:
            raise OSError(number, os.strerror(number))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    backend.create("a/b", b"x")
    with pytest.raises(AlreadyExists):
        backend.create("a/b", b"y")
    assert files(root) == ["a/b"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_links_is_refused(backend, root, monkeypatch, kind, number):
    monkeypatch.setattr(os, "link", failing(number))
    with pytest.raises(UnsafeStore, match="no hard links"):
        backend.create("a/b", b"x")
    assert files(root) == []


def test_a_platform_without_links_is_refused(backend, root, monkeypatch, kind):
    monkeypatch.delattr(os, "link")
    with pytest.raises(UnsafeStore, match="no hard links"):
        backend.create("a/b", b"x")
    assert files(root) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_network_file_system_may_not_sync_directories(backend, monkeypatch, number):
    real = os.fsync

    def sync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    backend.create("a/b", b"x")
    assert backend.read("a/b") == b"x"


# Durability


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and linked, in order."""
    seen = []
    real_sync, real_link = os.fsync, os.link

    def sync(descriptor):
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append(f"sync {Path(name).name}" if is_directory else "sync file")
        real_sync(descriptor)

    def link(source, target, **options):
        seen.append(f"link {Path(target).name}")
        real_link(source, target, **options)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", link)
    return seen


@pytest.mark.parametrize("call", ["create", "writer"])
def test_the_file_is_synced_before_it_is_linked_and_its_directories_before_create_returns(backend, events, kind, call):
    if call == "create":
        backend.create("a/b/k", b"x")
    else:
        with backend.writer("a/b/k") as sink:
            sink.write(b"x")
    parents = ["sync deep", "sync store", "sync a"]
    assert events[-6:] == [*parents, "sync file", "link k", "sync b"]


def test_in_a_directory_that_is_there_two_syncs_suffice(backend, events):
    backend.create("a/k", b"x")
    events.clear()
    backend.create("a/l", b"x")
    assert events == ["sync file", "link l", "sync a"]


def test_a_stream_is_flushed_before_it_is_synced(backend, monkeypatch):
    real = os.fsync
    sizes = []

    def sync(descriptor):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            sizes.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    with backend.writer("k") as sink:
        sink.write(b"12345")
    assert sizes == [5]


def test_without_durability_nothing_is_synced(root, events):
    backend = LocalBackend(LocalOptions(root, durability="none"))
    backend.create("a/b", b"x")
    with backend.writer("a/c") as sink:
        sink.write(b"x")
    assert events == ["link b", "link c"]


@pytest.mark.parametrize("broken", ["file", "directory"])
def test_a_failed_sync_is_an_error(backend, root, monkeypatch, kind, broken):
    backend.create("a/first", b"")

    def sync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == (broken == "directory"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(StorageError, match="Input/output error"):
        backend.create("a/b", b"x")
    assert files(root) == (["a/first"] if broken == "file" else ["a/b", "a/first"])


# Refusals


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """New files are the kernel's own full device."""
    monkeypatch.setattr(local, "_open_unnamed", lambda folder: (os.open("/dev/full", os.O_WRONLY), None))


@pytest.mark.parametrize("size", [1, 3 << 20])
@pytest.mark.parametrize("call", ["create", "writer"])
def test_a_full_disk_is_told_and_harms_nothing(backend, root, request, call, size):
    backend.create("a/first", b"one")
    request.getfixturevalue("full_disk")
    write = backend.create if call == "create" else lambda key, data: backend.write(key, io.BytesIO(data))
    with pytest.raises(StorageFull, match="no space left for a/second") as caught:
        write("a/second", b"x" * size)
    assert "unharmed" in str(caught.value)
    assert files(root) == ["a/first"]
    assert backend.read("a/first") == b"one"


CASES = [
    (errno.ENOSPC, StorageFull, "no space left"),
    (errno.EDQUOT, StorageFull, "no space left"),
    (errno.EACCES, StorageAccessError, "check the owner and mode"),
    (errno.EROFS, StorageAccessError, "read-only file system"),
    (errno.EIO, StorageError, "Input/output error"),
    (errno.EMFILE, StorageError, "Too many open files"),
]


@pytest.mark.parametrize("step", ["open", "mkdir", "write", "fsync", "link"])
@pytest.mark.parametrize(("number", "error", "words"), CASES, ids=[errno.errorcode[case[0]] for case in CASES])
def test_each_refusal_has_its_error_and_leaves_no_file(backend, root, monkeypatch, kind, step, number, error, words):
    root.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing(number))
        with pytest.raises(error, match=words) as caught:
            backend.create("a/b", b"x")
    assert str(root) in str(caught.value)
    assert caught.value.__cause__.errno == number
    assert files(root) == []
    backend.create("a/b", b"x")


@pytest.mark.parametrize(("number", "error", "words"), CASES[2:], ids=[errno.errorcode[case[0]] for case in CASES[2:]])
def test_a_refused_read_is_typed_too(backend, monkeypatch, number, error, words):
    backend.create("k", b"x")
    monkeypatch.setattr(os, "open", failing(number))
    with pytest.raises(error, match=words):
        backend.read("k")


def test_a_file_where_the_store_should_be_is_told(tmp_path):
    (tmp_path / "store").write_text("a file")
    backend = LocalBackend(LocalOptions(tmp_path / "store"))
    with pytest.raises(StorageAccessError, match=r"nothing can be written to .*store.* Choose another path"):
        backend.create("a/b", b"x")
    with pytest.raises(KeyNotFound):
        backend.read("a/b")
    assert list(backend.list("")) == []
    assert (tmp_path / "store").read_text() == "a file"


def test_a_file_where_a_directory_should_be_is_told(backend):
    backend.create("a", b"x")
    with pytest.raises(StorageAccessError, match=r"nothing can be written to .*Choose another path"):
        backend.create("a/b/c", b"y")


def test_a_directory_where_a_file_should_be_is_told(backend):
    backend.create("a/b", b"x")
    with pytest.raises(StorageAccessError, match="in the way"):
        backend.create("a", b"y")


def test_a_dangling_link_where_the_store_should_be_is_told(tmp_path):
    (tmp_path / "store").symlink_to(tmp_path / "unmounted")
    with pytest.raises(StorageError, match="store"):
        LocalBackend(LocalOptions(tmp_path / "store")).create("a/b", b"x")


def test_a_file_that_a_stream_comes_from_must_exist(backend, tmp_path):
    with pytest.raises(FileNotFoundError):
        backend.write("k", tmp_path / "absent")
    assert backend.stat("k") is None


@pytest.mark.parametrize("size", [0, 1, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 1 << 20])
def test_an_object_of_any_size_is_read_whole(backend, size):
    data = os.urandom(size)
    backend.create("k", data)
    assert backend.read("k") == data
