"""`check_plugin`, on a plugin that keeps the rules and on some that break one each."""

import re

import pytest

from datanectar.errors import PluginError, PluginNotFoundError
from datanectar.testing import check_plugin

GOOD = """
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Options:
    place: str = field(metadata={"help": "Where it is", "env": "ACME_PLACE"})
    api_token: str = field(default="", repr=False, metadata={"help": "Who asks", "secret": True})

    @classmethod
    def from_url(cls, url):
        return cls(url)


class Vault(dn.StorageBackend):
    def __init__(self, options): pass
    def read(self, key): ...
    def open(self, key, start=0, end=None): ...
    def write(self, key, source): ...
    def create(self, key, data): ...
    def stat(self, key): ...
    def list(self, prefix): ...
    def delete(self, keys): ...


@dn.hookimpl
def datanectar_storages():
    return [dn.StorageType(
        name="vault", factory=f"{__name__}:Vault", options=f"{__name__}:Options", schemes=("vault",), summary="A vault"
    )]
"""
SDK = "import iniconfig"  # small, and there wherever pytest is


@pytest.fixture
def check(install):
    def check(source: str) -> str:
        """The message, or nothing."""
        install("datanectar-acme", source, entry="acme", version="1.2")
        try:
            check_plugin("acme")
        except PluginError as error:
            return str(error)
        return ""

    return check


def test_one_that_keeps_the_rules_says_what_was_checked(install) -> None:
    install("datanectar-acme", GOOD, entry="acme", version="1.2")
    checked = check_plugin("acme")
    assert (checked.name, checked.distribution, checked.brings) == ("acme", "datanectar-acme 1.2", ("storage vault",))
    assert "URL schemes are read by from_url" in checked.checked


BROKEN = [
    ("from dataclasses", f"{SDK}\nfrom dataclasses", "imports iniconfig, for which everybody who has"),
    ("    return [dn.S", f"    {SDK}\n    return [dn.S", "listing what it brings imports iniconfig: hooks"),
    ("from dataclasses", "import sdk_that_is_not_there\nfrom dataclasses", "cannot be imported: ModuleNotFoundError"),
    ("@dn.hookimpl\n", "", "datanectar_storages is not marked; put @datanectar.hookimpl on it"),
    ("def datanectar_storages", "def datanectar_stores", "datanectar_stores is no hook of Datanectar"),
    ("datanectar_storages():", "datanectar_storages(config=None):", "has a parameter with a default"),
    ("@dn.hookimpl\ndef datanectar", "def plugin", "it implements no hook"),
    ('summary="A vault"', 'summary=""', "its summary must be one line"),
    ("return [dn.StorageType(", "return [dict(", "not a StorageType"),
    ('name="vault"', 'name="local"', "storage 'local' is claimed by two plugins"),
    (':Vault"', ':Volt"', "its factory 'MODULE:Volt' cannot be imported: AttributeError"),
    ("def create(", "def put(", "Vault lacks create, so none can be made"),
    ("(dn.StorageBackend)", "", "its factory Vault is no datanectar.StorageBackend; derive it from that"),
    ("def __init__(self, options): pass", "def __init__(self): pass", "is called with one argument, its options"),
    (':Options"', ':Optional"', "its options 'MODULE:Optional' cannot be imported"),
    ("@dataclass(frozen=True)", "@dataclass", "can be changed after it was checked; make it @dataclass(frozen=True)"),
    ("place: str =", "place: 'Stirng' =", "annotations of Options cannot be read"),
    ('"help": "Where it is", ', "", "option place of Options has no help"),
    ('"env": "ACME_PLACE"', '"env": True', "has env=True, which is no variable's name"),
    (', "secret": True', "", "option api_token of Options is printed by `datanectar config show`"),
    ("repr=False, ", "", "stands in the repr of the options"),
    ("api_token", "verify", "option verify of Options never gets a value"),
    ('schemes=("vault",)', 'schemes=("vault://",)', "scheme 'vault://' is none"),
    ("def from_url", "def of_url", "Options has no classmethod from_url(url), so vault://… cannot be read"),
    ("return cls(url)", "return url", "gives str, not Options"),
    ("return cls(url)", "return cls(url.split('@')[1])", "raised IndexError"),
    (
        "@dn.hookimpl\n",
        "@dn.hookimpl\ndef datanectar_defaults():\n    return {'profile_s': {}}\n\n\n@dn.hookimpl\n",
        "with this plugin alone, Datanectar fails",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), BROKEN, ids=[message[:40] for _, _, message in BROKEN])
def test_one_that_breaks_a_rule_is_told_which(check, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    told = re.sub(r"datanectar_acme_\w+", "MODULE", check(GOOD.replace(right, wrong, 1)))
    assert told.startswith("plugin 'acme' of datanectar-acme 1.2 breaks 1 rule:\n  1. ")
    assert message in told


def test_all_that_is_wrong_is_told_at_once(check) -> None:
    worst = GOOD.replace("from dataclasses", f"{SDK}\nfrom dataclasses").replace("(frozen=True)", "")
    worst = worst.replace("repr=False, ", "").replace("def create(", "def put(")
    told = check(worst).splitlines()
    assert told[0] == "plugin 'acme' of datanectar-acme 1.2 breaks 4 rules:"
    assert [line[:4] for line in told[1:]] == ["  1.", "  2.", "  3.", "  4."]


def test_a_field_that_sounds_secret_can_be_declared_not_to_be(check) -> None:
    public = GOOD.replace("place: str", "public_key: str").replace('"help": "Where', '"secret": False, "help": "Where')
    assert check(public) == ""
    assert check(GOOD.replace("place: str", "kms_key_id: str")) == ""


def test_one_that_is_not_installed_is_told_beside_those_that_are(install) -> None:
    install("datanectar-acme", GOOD, entry="acme")
    with pytest.raises(PluginNotFoundError, match=r"no installed plugin is called 'acne'; installed: acme"):
        check_plugin("acne")


def test_a_name_that_two_distributions_have_is_told(install) -> None:
    install("datanectar-acme", GOOD, entry="acme")
    install("datanectar-other", GOOD, entry="acme")
    with pytest.raises(PluginError, match=r"called 'acme', of datanectar-acme 1\.0 and datanectar-other 1\.0"):
        check_plugin("acme")


@pytest.mark.parametrize(
    ("hook", "record"),
    [
        ("datanectar_namings", 'dn.NamingType(name="flat", factory=lambda: str, summary="Flat")'),
        ("datanectar_services", 'dn.ServiceType(name="served", factory=lambda: None, summary="Served")'),
        ("datanectar_commands", 'dn.CommandType(name="acme", factory=print, summary="Acme")'),
    ],
)
def test_components_of_other_kinds_are_checked_too(install, hook: str, record: str) -> None:
    install("datanectar-acme", f"@dn.hookimpl\ndef {hook}():\n    return [{record}]", entry="acme")
    assert len(check_plugin("acme").brings) == 1
