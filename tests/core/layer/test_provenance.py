"""The git commit, read off git's own files."""

import platform
import subprocess
from pathlib import Path

import pytest

from datanectar.layer import provenance

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def git(tmp_path: Path) -> Path:
    folder = tmp_path / ".git"
    (folder / "refs/heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_a_branch_is_followed_from_below(git, tmp_path):
    (git / "refs/heads/main").write_text(COMMIT + "\n")
    (tmp_path / "src/deep").mkdir(parents=True)
    assert provenance._git_commit(tmp_path / "src/deep") == COMMIT


def test_a_packed_branch_is_found(git, tmp_path):
    (git / "packed-refs").write_text(
        f"# pack-refs\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n^{'e' * 40}\n"
    )
    assert provenance._git_commit(tmp_path) == COMMIT


def test_a_detached_head_is_the_commit(git, tmp_path):
    (git / "HEAD").write_text(COMMIT + "\n")
    assert provenance._git_commit(tmp_path) == COMMIT


def test_a_branch_without_a_commit_has_none(git, tmp_path):
    assert provenance._git_commit(tmp_path) is None


def test_outside_git_there_is_none(tmp_path):
    assert provenance._git_commit(tmp_path) is None


def test_a_worktree_leads_to_its_repository(git, tmp_path):
    (git / "refs/heads/side").write_text(COMMIT + "\n")
    (git / "worktrees/side").mkdir(parents=True)
    (git / "worktrees/side/HEAD").write_text("ref: refs/heads/side\n")
    (git / "worktrees/side/commondir").write_text("../..\n")
    (tmp_path / "side").mkdir()
    (tmp_path / "side/.git").write_text(f"gitdir: {git}/worktrees/side\n")
    assert provenance._git_commit(tmp_path / "side") == COMMIT


@pytest.mark.parametrize("head", ["", "ref: ", "nonsense", "ref: refs/heads/\0"])
def test_a_broken_repository_is_no_error(git, tmp_path, head):
    (git / "HEAD").write_text(head)
    provenance._git_commit(tmp_path)


def test_unreadable_text_is_no_error(git, tmp_path):
    (git / "HEAD").write_bytes(b"\xff\xfe")
    assert provenance._git_commit(tmp_path) is None


def test_git_agrees(tmp_path):
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*run, "init", "-q"], check=True)
    subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    said = subprocess.run([*run, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert provenance._git_commit(tmp_path) == said


def test_the_machine_and_the_release_are_known():
    found = provenance.of_process()
    assert (found["host"], found["python"]) == (platform.node(), platform.python_version())
    assert found["datanectar"]
