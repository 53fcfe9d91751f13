"""Which keys the configuration knows, what they mean and of what type they are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from datanectar.configuration.files import Setting
from datanectar.errors import ConfigurationError
from datanectar.values.annotations import MISMATCH, convert, describe


class Key(NamedTuple):
    """A known key: the type of its value and one line of help."""

    annotation: Any
    help: str


#: Keys of a table of its own per name, whose other keys are its component's options.
COMPONENT_TABLES = ("storage", "orchestrators", "feature_stores")

#: What a task is matched by in a policy.
POLICY_MATCHES = ("profile", "task_type", "model_family", "task")

KEYS: dict[str, Key] = {
    "project": Key(str, "The project's name, for people"),
    "profile": Key(str, "The profile in force"),
    "naming": Key(str, "The naming scheme"),
    "project_packages": Key(list[str], "Packages besides the task's own whose code counts"),
    "record_source": Key(bool, "Whether the store keeps the tasks' source text"),
    "signing_keys": Key(list[str], "Keys that verify pickles, as env:NAME or file:PATH; the first one signs"),
    "plugins.disable": Key(list[str], "Plugins that are not loaded"),
    "profiles.*.storage_layer": Key(str, "Where results go: a storage's name or a URL"),
    "profiles.*.orchestrator": Key(str, "What runs the steps"),
    "profiles.*.feature_store": Key(str, "Where features live"),
    "profiles.*.workers": Key(int, "How many steps run at once"),
    "policies[].profile": Key(str, "Match: only in this profile"),
    "policies[].task_type": Key(str, "Match: only tasks of this type"),
    "policies[].model_family": Key(str, "Match: only tasks of this family"),
    "policies[].task": Key(str, "Match: only the task of this name"),
    "policies[].storage_layer": Key(str, "Where results of these tasks go"),
    "policies[].serializer": Key(str, "How results of these tasks are stored"),
    "policies[].retries": Key(int, "How often these tasks are tried again"),
    "policies[].timeout": Key(float, "Seconds these tasks may take"),
    "policies[].resources.*": Key(float, "What these tasks need"),
}

_TOP_LEVEL = sorted({re.split(r"[.\[]", key)[0] for key in KEYS} | set(COMPONENT_TABLES))


def check_settings(settings: Iterable[tuple[str, Setting]]) -> None:
    """Checks keys and types of flat settings.

    Raises:
        ConfigurationError: A key is unknown or a value has another type; the key and its source are named.
    """
    for key, setting in settings:
        if key.split(".")[0] in COMPONENT_TABLES and key.count(".") >= 2:
            continue  # the component's own options are checked when it is made
        known = KEYS.get(_pattern(key))
        if known is None:
            raise ConfigurationError(unknown_key(key, setting.source))
        if convert(setting.value, known.annotation) is MISMATCH:
            msg = f"{key} = {setting.value!r} ({setting.source}) must be of type {describe(known.annotation)}"
            raise ConfigurationError(msg)


def _pattern(key: str) -> str:
    """The key with names of the user's choosing as ``*`` and row numbers left out."""
    key = re.sub(r"\[\d+\]", "[]", key)
    key = re.sub(r"^profiles\.[^.]+\.", "profiles.*.", key)
    return re.sub(r"^(policies\[\]\.resources)\..+", r"\1.*", key)


def unknown_key(key: str, source: str) -> str:
    """The message for a key that is not known, with the nearest one that is."""
    pattern = _pattern(key)
    parent, _, last = pattern.rpartition(".")
    siblings = [known.rpartition(".")[2] for known in KEYS if known.rpartition(".")[0] == parent]
    near = difflib.get_close_matches(last, siblings if parent else _TOP_LEVEL, 1)
    if not near and parent:  # the table's own name may be the slip
        near = difflib.get_close_matches(key.split(".")[0], _TOP_LEVEL, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(siblings or _TOP_LEVEL)}"
    return f"unknown key {key!r} ({source}){hint}"
