"""Which keys the configuration knows, what they mean and of what type they are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from datanectar.configuration.files import Setting
from datanectar.contracts.naming import SEGMENT
from datanectar.errors import ConfigurationError
from datanectar.values.annotations import MISMATCH, convert, describe
from datanectar.values.references import is_reference


class Rule(NamedTuple):
    """What a value must be, beyond its type."""

    words: str
    holds: Callable[[Any], bool]


class Key(NamedTuple):
    """A known key: the type of its value, one line of help, and what its value must be.

    Attributes:
        annotation: The type.
        help: One line for people.
        rule: What the value must be besides, or None.
        private: Whether a wrong value may be a secret, so that messages leave it out.
    """

    annotation: Any
    help: str
    rule: Rule | None = None
    private: bool = False


_POSITIVE = Rule("more than 0", lambda value: value > 0)
_NOT_NEGATIVE = Rule("0 or more", lambda value: value >= 0)
_REFERENCES = Rule("references, env:NAME or file:PATH", lambda keys: all(map(is_reference, keys)))
#: Anything else would match no task, ever.
_SEGMENT = Rule("as it stands in artifact names: a-z 0-9 . _ -", lambda value: SEGMENT.fullmatch(value) is not None)

#: Keys of a table of its own per name, whose other keys are its component's options.
COMPONENT_TABLES = ("storage", "orchestrators", "feature_stores", "services")

#: What a task is matched by in a policy.
POLICY_MATCHES = ("profile", "task_type", "model_family", "task")

KEYS: dict[str, Key] = {
    "project": Key(str, "The project's name, for people"),
    "profile": Key(str, "The profile in force"),
    "naming": Key(str, "The naming scheme"),
    "project_packages": Key(list[str], "Packages whose code counts in names, wherever they are installed"),
    "record_source": Key(bool, "Whether the store keeps the tasks' source text"),
    "signing_keys": Key(list[str], "Keys that verify pickles, the first one signs", _REFERENCES, private=True),
    "plugins.disable": Key(list[str], "Plugins that are not loaded"),
    "profiles.*.storage_layer": Key(str, "Where results go: a storage's name or a URL"),
    "profiles.*.orchestrator": Key(str, "What runs the steps"),
    "profiles.*.feature_store": Key(str, "Where features live"),
    "profiles.*.workers": Key(int, "How many steps run at once", _POSITIVE),
    "policies[].profile": Key(str, "Match: only in this profile"),
    "policies[].task_type": Key(str, "Match: only tasks of this type", _SEGMENT),
    "policies[].model_family": Key(str, "Match: only tasks of this family", _SEGMENT),
    "policies[].task": Key(str, "Match: only the task of this name", _SEGMENT),
    "policies[].storage_layer": Key(str, "Where results of these tasks go"),
    "policies[].serializer": Key(str, "How results of these tasks are stored"),
    "policies[].retries": Key(int, "How often these tasks are tried again", _NOT_NEGATIVE),
    "policies[].timeout": Key(float, "Seconds these tasks may take", _POSITIVE),
    "policies[].resources.*": Key(float, "What these tasks need", _NOT_NEGATIVE),
}

#: What a run chooses: by its own arguments, a variable or a profile.
CHOICES = ("storage_layer", "orchestrator", "feature_store", "workers")
#: What a variable or `settings` sets by one word.
DIRECT = (*CHOICES, *(key for key in KEYS if "." not in key))

_TOP_LEVEL = sorted({re.split(r"[.\[]", key)[0] for key in KEYS} | set(COMPONENT_TABLES))
NAMED_TABLES = ("profiles", *COMPONENT_TABLES)


def check_settings(settings: Iterable[tuple[str, Setting]]) -> None:
    """Checks keys and values of flat settings.

    Raises:
        ConfigurationError: A key is unknown or its value is not what it must be; the key and its source are named.
    """
    for key, setting in settings:
        if _is_options(key) or (setting.value in ({}, []) and _is_table(key)):
            continue  # a component's own options are checked when it is made
        known = find_key(key)
        if known is None:
            raise ConfigurationError(_unknown_key(key, setting.source))
        check_value(key, setting, known)


def check_choice(key: str, setting: Setting) -> None:
    """Checks what `settings`, or the caller of `run`, gave for one of `DIRECT`.

    Raises:
        ConfigurationError: It is not what it must be.
    """
    check_value(key, setting, KEYS[f"profiles.*.{key}" if key in CHOICES else key])


def check_value(key: str, setting: Setting, known: Key) -> None:
    """Checks one value; `key` is what messages call it."""
    value = convert(setting.value, known.annotation)
    if type(value) is bool and known.annotation is not bool:  # Python takes true for 1; people don't
        value = MISMATCH
    if value is MISMATCH or (known.rule is not None and not known.rule.holds(value)):
        wanted = f"of type {describe(known.annotation)}" if value is MISMATCH else known.rule and known.rule.words
        given = "" if known.private else f" = {setting.value!r}"
        raise ConfigurationError(f"{key}{given} ({setting.source}) must be {wanted}")


def find_key(key: str) -> Key | None:
    """Returns what is known of a dotted key."""
    return KEYS.get(_pattern(key))


def _pattern(key: str) -> str:
    """The key with names of the user's choosing as ``*`` and row numbers left out."""
    key = re.sub(r"\[\d+\]", "[]", key)
    key = re.sub(r"^profiles\.[^.]+\.", "profiles.*.", key)
    return re.sub(r"^(policies\[\]\.resources)\..+", r"\1.*", key)


def _is_options(key: str) -> bool:
    return key.split(".")[0] in COMPONENT_TABLES and key.count(".") >= 2


def _is_table(key: str) -> bool:
    head, _, name = key.partition(".")
    return _pattern(key) in ("plugins", "policies", "policies[].resources") or (
        head in NAMED_TABLES and "." not in name
    )


def _unknown_key(key: str, source: str) -> str:
    """The message for a key that is not known: what was probably meant."""
    return f"unknown key {key!r} ({source}); {_misplaced(key, source) or _nearest(key)}"


def _misplaced(key: str, source: str) -> str:
    """What to do about a known word that stands in the wrong place."""
    head, _, rest = key.partition(".")
    prefix = "tool.datanectar." if source.startswith("pyproject.toml") else ""
    if _pattern(key) == "policies[].resources":
        return "it is a table of numbers, such as resources = { gpu = 1 }"
    if head == "policies":
        return f"policies are rows: write [[{prefix}policies]]"
    if key.startswith("tool.datanectar."):
        return f"in this file it is {rest.partition('.')[2]}, without tool.datanectar"
    if head in NAMED_TABLES and "." not in rest:
        name = rest if head == "profiles" and rest else {"profiles": "prod", "storage": "disk"}.get(head, "NAME")
        return f"[{prefix}{head}] holds a table for each name, such as [{prefix}{head}.{name}]"
    if f"profiles.*.{key}" in KEYS:
        return f"it belongs to a profile: write it below [{prefix}profiles.local], or whichever profile it is for"
    if key == "plugins":
        return f"it is a table, [{prefix}plugins], with the key disable"
    return ""


def _nearest(key: str) -> str:
    parent, _, last = _pattern(key).rpartition(".")
    siblings = [known.rpartition(".")[2] for known in KEYS if known.rpartition(".")[0] == parent]
    near = difflib.get_close_matches(last, siblings if parent else _TOP_LEVEL, 1)
    head = re.split(r"[.\[]", key)[0]
    if head not in _TOP_LEVEL:  # the table's own name is the slip
        near = difflib.get_close_matches(head, _TOP_LEVEL, 1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join((parent and siblings) or _TOP_LEVEL)}"
