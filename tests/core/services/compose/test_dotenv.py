"""The file of secrets: made once, private, and never written anew."""

import os
import stat
from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError
from datanectar.services.compose import dotenv
from datanectar.services.compose.dotenv import keep

FILE = Path(".env")


def mode() -> int:
    return stat.S_IMODE(FILE.stat().st_mode)


def values() -> dict[str, str]:
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_it_is_made_for_its_owner_alone_whatever_is_usual() -> None:
    before = os.umask(0)
    try:
        kept = keep(Path.cwd(), ["TOKEN"])
    finally:
        os.umask(before)
    assert mode() == 0o600
    assert (kept.added, kept.tightened) == (("DATANECTAR_UID", "DATANECTAR_GID", "TOKEN"), False)


def test_secrets_are_long_and_each_another() -> None:
    keep(Path.cwd(), ["A", "B"])
    assert len(values()["A"]) == len(values()["B"]) == 32
    assert values()["A"] != values()["B"]


def test_it_is_completed_and_what_it_has_stays() -> None:
    FILE.write_text("# mine\nexport A = 'x'\nB: y\nC=\nDATANECTAR_UID=7")
    FILE.chmod(0o600)
    kept = keep(Path.cwd(), ["A", "B", "C", "D"])
    assert kept.added == ("DATANECTAR_GID", "D")
    assert FILE.read_text().startswith("# mine\nexport A = 'x'\nB: y\nC=\nDATANECTAR_UID=7\nDATANECTAR_GID=")
    before = FILE.read_bytes()
    assert keep(Path.cwd(), ["A", "B", "C", "D"]).added == ()
    assert FILE.read_bytes() == before
    assert kept.names == {"A", "B", "C", "D", "DATANECTAR_UID", "DATANECTAR_GID"}


def test_a_name_in_a_comment_is_not_set() -> None:
    FILE.write_text("# TOKEN=x\nOTHER_TOKEN=y\n")
    assert "TOKEN" in keep(Path.cwd(), ["TOKEN"]).added


def test_one_that_others_could_read_is_made_private() -> None:
    FILE.write_text("A=x\n")
    FILE.chmod(0o644)
    assert keep(Path.cwd(), ["A"]).tightened
    assert mode() == 0o600


@pytest.mark.parametrize(("user", "written"), [(1234, "1234"), (0, "1000")])
def test_containers_run_as_who_wrote_it_and_never_as_root(monkeypatch, user: int, written: str) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setattr(os, "getgid", lambda: user)
    keep(Path.cwd(), [])
    assert values() == {"DATANECTAR_UID": written, "DATANECTAR_GID": written}


def test_one_that_cannot_be_read_is_named() -> None:
    FILE.mkdir()
    with pytest.raises(ConfigurationError, match=r"\.env has to hold secrets, and cannot be read or written"):
        keep(Path.cwd(), ["TOKEN"])
    FILE.rmdir()
    FILE.write_bytes(b"A=\xff")
    with pytest.raises(ConfigurationError, match=r"\.env has to hold secrets") as error:
        keep(Path.cwd(), ["TOKEN"])
    assert dotenv.NAME in str(error.value)
