"""Who wins, for every key and every two levels that follow each other, as users see it: by running a task."""

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import datanectar as dn

#: From the strongest to the weakest. A package's policies yield to the user's own profile.
LEVELS = (
    *("argument", "settings", "environment", "policy", "decorator"),
    *("profile", "package-policy", "package-profile"),
)
OF_A_RUN = ("argument", "settings", "environment", "profile", "package-profile")
OF_A_TASK = ("policy", "decorator", "package-policy")
KEYS: dict[str, tuple[str, ...]] = {
    "storage_layer": LEVELS,
    "orchestrator": OF_A_RUN,
    "workers": OF_A_RUN,
    "feature_store": OF_A_RUN,
    "naming": ("settings", "environment", "profile", "package-profile"),
    "retries": OF_A_TASK,
    "timeout": OF_A_TASK,
    "resources": OF_A_TASK,
    "serializer": OF_A_TASK,
}
SERIALIZERS = {"policy": "text", "decorator": "json", "package-policy": "pickle"}

PLUGIN = f"""
import functools
import json
from pathlib import Path

LEVELS = {LEVELS!r}
seen = []

class Spy(dn.Orchestrator):
    def __init__(self, name):
        self._name = name

    def run(self, steps, execute, *, workers=None, keep_going=False):
        for step in steps:
            seen.append(dict(
                orchestrator=self._name, workers=workers, storage_layer=step.layer.reference, retries=step.retries,
                timeout=step.timeout, resources=step.resources,
            ))
            yield execute(step)

class Features:
    def __init__(self, name):
        self.name = name

def named(level):
    return lambda: lambda identity: f"{{level}}/{{identity.fingerprint}}"

@dn.hookimpl
def datanectar_orchestrators():
    for level in LEVELS:
        yield dn.OrchestratorType(name=level, factory=functools.partial(Spy, level), summary="Notes what it is given")

@dn.hookimpl
def datanectar_feature_stores():
    for level in LEVELS:
        yield dn.FeatureStoreType(name=level, factory=functools.partial(Features, level), summary="Has a name")

@dn.hookimpl
def datanectar_namings():
    for level in LEVELS:
        yield dn.NamingType(name=level, factory=named(level), summary="Tells the level")

@dn.hookimpl
def datanectar_defaults():
    return json.loads(Path("defaults.json").read_text())
"""


def subject(n: int) -> str:
    return "x" * n


def value(key: str, level: str) -> Any:
    """What a level says of a key: each level something else."""
    rank = LEVELS.index(level) + 1
    numbers = {"workers": rank, "retries": rank, "timeout": float(rank), "resources": {"gpu": float(rank)}}
    return SERIALIZERS[level] if key == "serializer" else numbers.get(key, level)


def toml(value: Any) -> str:
    return f"{{ gpu = {value['gpu']} }}" if isinstance(value, dict) else json.dumps(value)


def write_files(key: str, said: Mapping[str, Any]) -> None:
    """Writes the client's file and what the package brings."""
    lines, package = [], {}
    if key == "naming":
        lines += [f"naming = {toml(said['profile'])}"] if "profile" in said else []
        package |= {"naming": said["package-profile"]} if "package-profile" in said else {}
    for level in LEVELS:
        lines += [f"[storage.{level}]", 'type = "local"', f'path = "{level}"']
    if key != "naming" and "profile" in said:
        lines += ["[profiles.local]", f"{key} = {toml(said['profile'])}"]
    if "policy" in said:
        lines += ["[[policies]]", 'task = "subject"', f"{key} = {toml(said['policy'])}"]
    if key != "naming" and "package-profile" in said:
        package["profiles"] = {"local": {key: said["package-profile"]}}
    if "package-policy" in said:
        package["policies"] = [{"task": "subject", key: said["package-policy"]}]
    Path("datanectar.toml").write_text("\n".join(lines))
    Path("defaults.json").write_text(json.dumps(package))


Observe = Callable[..., Any]


@pytest.fixture
def observe(install, monkeypatch) -> Observe:
    """Returns a function that lets some levels speak of a key, runs a task, and tells what came of it."""
    install("datanectar-acme", PLUGIN, entry="acme")
    runs = iter(range(1, 100))

    def observed(key: str, *levels: str) -> Any:
        said = {level: value(key, level) for level in levels}
        write_files(key, said)
        if "environment" in said:
            monkeypatch.setenv(f"DATANECTAR_{key.upper()}", str(said["environment"]))
        task = dn.task(**({key: said["decorator"]} if "decorator" in said else {}))(subject)
        argument = said.get("argument")
        with dn.settings(**({key: said["settings"]} if "settings" in said else {})) as settings:
            if key == "feature_store":
                return dn.feature_store(argument).name
            arguments = {} if argument is None else {key: argument}
            if key != "orchestrator":
                arguments["orchestrator"] = LEVELS[0]
            made = dn.run(task(next(runs)), **arguments, load=False)
            if key == "naming":
                return made.name.partition("/")[0]
            if key == "serializer":
                return made.call.layer().manifest(made.name).value["serializer"]
            return settings.manager.get_plugin("acme").seen[-1][key]

    return observed


@pytest.mark.parametrize(
    ("key", "stronger", "weaker"), [(key, *pair) for key, levels in KEYS.items() for pair in pairwise(levels)]
)
def test_the_stronger_level_wins_and_the_weaker_holds_alone(
    observe: Observe, key: str, stronger: str, weaker: str
) -> None:
    assert observe(key, weaker) == value(key, weaker)
    assert observe(key, stronger, weaker) == value(key, stronger)


@pytest.mark.parametrize("key", KEYS)
def test_of_all_levels_at_once_the_strongest_wins(observe: Observe, key: str) -> None:
    assert observe(key, *KEYS[key]) == value(key, KEYS[key][0])


@pytest.mark.parametrize("key", KEYS)
def test_no_choice_enters_a_fingerprint(install, monkeypatch, key: str) -> None:
    install("datanectar-acme", PLUGIN, entry="acme")
    write_files(key, {})
    with dn.settings():
        expected = dn.task(subject)(3).fingerprint, dn.task(subject)(3).name
    for level in KEYS[key]:
        said = {level: value(key, level)}
        write_files(key, said)
        with monkeypatch.context() as patch:
            if level == "environment":
                patch.setenv(f"DATANECTAR_{key.upper()}", str(said[level]))
            options = {key: said[level]}
            task = dn.task(**(options if level == "decorator" else {}))(subject)
            with dn.settings(**(options if level in ("settings", "argument") else {})):
                handle = task(3)
                assert handle.fingerprint == expected[0]
                assert (handle.name == expected[1]) is (key != "naming")


def test_a_policy_decides_about_its_own_keys_only(observe: Observe) -> None:
    """A row is no unit: what it does not say is asked of the rows before it."""
    Path("defaults.json").write_text("{}")
    Path("datanectar.toml").write_text(
        '[[policies]]\nretries = 1\ntimeout = 5\n[[policies]]\ntask = "subject"\nretries = 2\n'
        '[[policies]]\ntask = "another"\nretries = 3\n'
    )
    with dn.settings() as settings:
        dn.run(dn.task(subject)(1), orchestrator=LEVELS[0])
        seen = settings.manager.get_plugin("acme").seen[-1]
    assert (seen["retries"], seen["timeout"]) == (2, 5.0)


def test_a_row_without_needs_takes_back_those_of_the_rows_before(observe: Observe) -> None:
    Path("defaults.json").write_text("{}")
    Path("datanectar.toml").write_text(
        '[[policies]]\nresources = { gpu = 1 }\n[[policies]]\ntask = "subject"\nresources = {}\n'
    )
    with dn.settings() as settings:
        dn.run(dn.task(subject)(1), orchestrator=LEVELS[0])
        assert settings.manager.get_plugin("acme").seen[-1]["resources"] == {}
