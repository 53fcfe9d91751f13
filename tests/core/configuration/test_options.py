from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from datanectar.configuration.files import Setting, read_configuration
from datanectar.configuration.options import completed, is_secret, make_options
from datanectar.errors import ConfigurationError


@dataclass(frozen=True)
class Options:
    bucket: str = field(metadata={"help": "The bucket"})
    port: int = 80
    ratio: float = 0.5
    mode: Literal["fast", "safe"] = "safe"
    place: Path | None = None
    tags: list[str] = field(default_factory=list)
    token: int = field(default=0, metadata={"secret": True, "env": "ACME_TOKEN"})


def make(**values: object) -> Options:
    settings = {name: Setting(value, "datanectar.toml:7") for name, value in {"bucket": "b", **values}.items()}
    return make_options(Options, settings, where="storage.lake", root=Path("/root"))


def test_options_are_typed() -> None:
    made = make(port=3, ratio=1, mode="fast", place="sub", tags=["a"])
    assert made == Options("b", 3, 1.0, "fast", Path("/root/sub"), ["a"])
    assert type(made.ratio) is float


def test_an_absolute_path_stays() -> None:
    assert make(place="/elsewhere").place == Path("/elsewhere")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"buket": "x"}, "unknown option storage.lake.buket (datanectar.toml:7); did you mean 'bucket'?"),
        (
            {"zzz": "x"},
            "unknown option storage.lake.zzz (datanectar.toml:7); known: bucket, port, ratio, mode, place, tags, token",
        ),
        ({"port": "80"}, "storage.lake.port = '80' (datanectar.toml:7) must be of type int"),
        ({"mode": "slow"}, "storage.lake.mode = 'slow' (datanectar.toml:7) must be 'fast' or 'safe'"),
        ({"token": "hush"}, "storage.lake.token (datanectar.toml:7) must be of type int"),
    ],
)
def test_a_wrong_option_is_refused_with_its_key_and_source(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(**values)
    assert str(caught.value) == message


def test_a_missing_option_is_explained() -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_options(Options, {}, where="storage.lake", root=Path())
    assert str(caught.value) == "storage.lake.bucket is missing (The bucket); set it in [storage.lake]"


def test_text_of_a_variable_is_read_by_the_type() -> None:
    settings = {"bucket": Setting("b", "V"), "port": Setting("80", "DATANECTAR_STORAGE__LAKE__PORT")}
    assert make_options(Options, settings, where="storage.lake", root=Path()).port == 80


def test_an_option_may_have_a_variable_of_its_own(monkeypatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "7")
    assert make().token == 7
    assert make(token=8).token == 8


def completed_options(**values: Any) -> Options:
    return completed(Options("b", **values), where="acme://b", root=Path("/root"))


def test_options_made_by_something_else_are_completed_by_their_variables(monkeypatch) -> None:
    assert completed_options() == Options("b")
    monkeypatch.setenv("ACME_TOKEN", "7")
    assert completed_options() == Options("b", token=7)
    assert completed_options(token=8) == Options("b", token=8)


def test_a_wrong_variable_is_told_with_what_it_would_complete_and_no_secret(monkeypatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "hush")
    with pytest.raises(ConfigurationError) as caught:
        completed_options()
    assert str(caught.value) == "acme://b: token (ACME_TOKEN) must be of type int"


def test_a_component_without_options_takes_none() -> None:
    assert make_options(None, {}, where="orchestrators.x", root=Path()) is None
    with pytest.raises(ConfigurationError, match=r"unknown option orchestrators\.x\.y \(f:1\); known: none"):
        make_options(None, {"y": Setting(1, "f:1")}, where="orchestrators.x", root=Path())


def test_secrets_are_told_by_their_metadata() -> None:
    assert [name for name in ("bucket", "token") if is_secret(Options, name)] == ["token"]


def test_a_secret_can_be_a_reference_to_a_variable_or_a_file(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("ACME", "7")
    (tmp_path / "token").write_text("8\n")
    assert make(token="env:ACME").token == 7
    assert make(token=f"file:{tmp_path}/token").token == 8


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:ABSENT", "storage.lake.token: the variable ABSENT is not set"),
        ("file:absent", "storage.lake.token: /root/absent cannot be read: No such file or directory"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_key(reference: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(token=reference)
    assert str(caught.value) == message


def test_only_secrets_are_references() -> None:
    assert make(bucket="env:HOME").bucket == "env:HOME"


@dataclass(frozen=True)
class Nested:
    client: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    headers: dict[str, str] = field(default_factory=dict, metadata={"secret": True})


def test_an_option_can_be_a_table() -> None:
    Path("datanectar.toml").write_text(
        '[storage.lake]\nname = "x"\n[storage.lake.client]\nregion = "eu"\n[storage.lake.client.retries]\nmax = 3\n'
    )
    found = {
        key.removeprefix("storage.lake."): setting for key, setting in read_configuration(Path.cwd()).settings.items()
    }
    made = make_options(Nested, found, where="storage.lake", root=Path())
    assert made == Nested({"region": "eu", "retries": {"max": 3}}, "x")


def test_what_stands_below_a_plain_option_is_unknown() -> None:
    settings = {"name": Setting("x", "f:1"), "name.a": Setting("y", "DATANECTAR_STORAGE__LAKE__NAME__A")}
    with pytest.raises(ConfigurationError, match=r"unknown option storage\.lake\.name\.a \(DATANECTAR_STORAGE__LAKE"):
        make_options(Nested, settings, where="storage.lake", root=Path())


def test_all_of_a_table_that_is_a_secret_is_one() -> None:
    assert [name for name in ("headers", "headers.token", "client.token") if is_secret(Nested, name)] == [
        "headers",
        "headers.token",
    ]


def test_references_in_a_secret_table_are_read(monkeypatch) -> None:
    monkeypatch.setenv("ACME", "hush")
    settings = {"headers.token": Setting("env:ACME", "f:1"), "headers.kind": Setting("plain", "f:2")}
    made = make_options(Nested, settings, where="storage.lake", root=Path())
    assert made.headers == {"token": "hush", "kind": "plain"}


def test_a_path_by_default_starts_where_a_given_one_does() -> None:
    @dataclass(frozen=True)
    class Places:
        state: Path = Path("state")
        absolute: Path = Path("/var")

    assert make_options(Places, {}, where="services.x", root=Path("/root")) == Places(Path("/root/state"), Path("/var"))
