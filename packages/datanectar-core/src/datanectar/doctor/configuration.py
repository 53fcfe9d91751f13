"""The configuration: what holds, and what in it can never work although nothing has failed yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from datanectar.configuration.environment import OTHER_VARIABLES, PREFIX
from datanectar.configuration.files import Setting, read_configuration
from datanectar.configuration.options import is_secret, make_options
from datanectar.configuration.schema import CHOICES, DIRECT, POLICY_MATCHES, check_settings
from datanectar.configuration.settings import Settings
from datanectar.doctor.findings import Finding, guarded
from datanectar.errors import ConfigurationError, DatanectarError
from datanectar.layer.opening import storage_options
from datanectar.records import FeatureStoreType, NamingType, OrchestratorType, SerializerType, StorageType
from datanectar.registry import registry
from datanectar.values.references import is_reference

_CHECK = "configuration"
_COMPONENTS = {
    "orchestrators": OrchestratorType,
    "feature_stores": FeatureStoreType,
}


def mistakes(failure: ConfigurationError) -> Iterator[Finding]:
    """Every wrong key and value of a file that could not be used; what was raised is perhaps one of several."""
    messages = []
    try:
        for key, setting in read_configuration(Path.cwd()).settings.items():
            try:
                check_settings([(key, setting)])
            except ConfigurationError as error:
                messages.append(str(error))
    except (ConfigurationError, OSError):  # it cannot even be read, which is what `failure` says
        pass
    if str(failure) not in messages:
        messages.append(str(failure))
    for message in messages:
        yield Finding("error", _CHECK, message)


def configuration(settings: Settings) -> Iterator[Finding]:
    """What is in force, and where that is said."""
    no_file = f"no datanectar.toml and no [tool.datanectar] in {settings.root} or above; the defaults hold"
    yield Finding("ok", _CHECK, str(settings.file or no_file))
    yield from _variables()
    chosen = {key: found for key in CHOICES if (found := settings.choose(key)) is not None}
    choices = ", ".join(f"{key} {setting.value} ({setting.source})" for key, setting in chosen.items())
    source = settings.values["profile"].source
    yield Finding("ok", "profile", f"{settings.profile} ({source}): {choices or 'chooses nothing'}")
    if "storage_layer" not in chosen:
        missing = f"{settings.profile} names no storage_layer, so nothing says where results go"
        yield Finding("error", "profile", missing, f'set one in [profiles.{settings.profile}]: storage_layer = "disk"')


def _variables() -> Iterator[Finding]:
    """Variables that begin like ours; what near misses are has been refused before."""
    ours = {*OTHER_VARIABLES, *(PREFIX + name.upper() for name in DIRECT)}
    found = sorted(name for name in os.environ if name.startswith(PREFIX))
    known = [name for name in found if name in ours or "__" in name]
    if known:
        yield Finding("ok", _CHECK, f"variables: {', '.join(known)}")
    for name in sorted({*found} - {*known}):
        strange = f"the variable {name} is none of Datanectar's: unless a plugin reads it, it does nothing"
        yield Finding("warning", _CHECK, strange, "unset it, or look up what was meant")


def components(settings: Settings) -> Iterator[Finding]:
    """Whether what is chosen by name is there, and can be imported."""
    named = [
        ("naming", NamingType, settings.values["naming"]),
        ("orchestrator", OrchestratorType, settings.choose("orchestrator")),
        ("feature store", FeatureStoreType, settings.choose("feature_store")),
    ]
    found = registry(settings)
    for word, kind, chosen in named:
        if chosen is not None:
            try:
                found.resolve(kind, chosen.value, found.find(kind, chosen.value).factory)
            except DatanectarError as error:
                yield Finding("error", word, f"{chosen.source}: {error}")
    for table, kind in _COMPONENTS.items():
        for name in settings.names(table):
            yield from guarded(f"{table}.{name}", _options(settings, table, kind, name))


def _options(settings: Settings, table: str, kind: type, name: str) -> Iterator[Finding]:
    where = f"{table}.{name}"
    found = settings.table(where)
    make_options(registry(settings).options_class(kind, name), found, where=where, root=settings.root)
    yield from _secrets(settings, where, registry(settings).options_class(kind, name), found)


def storages(settings: Settings, used: Iterable[str]) -> Iterator[Finding]:
    """Storages that are configured; those in use are opened elsewhere, so here the others fail as warnings."""
    for name in settings.names("storage"):
        where = f"storage.{name}"
        try:
            kind, _, _ = storage_options(settings, name)
            options = registry(settings).options_class(StorageType, kind)
            yield from _secrets(settings, where, options, settings.table(where))
        except DatanectarError as error:
            if name not in used:
                yield Finding("warning", f"storage {name}", str(error), "no hurry: this profile does not use it")


def _secrets(settings: Settings, where: str, options: type | None, table: Mapping[str, Setting]) -> Iterator[Finding]:
    for option, setting in table.items():
        in_file = settings.file is not None and setting.source.startswith(f"{settings.file.name}:")
        if in_file and is_secret(options, option) and not is_reference(setting.value):
            found = f"{where}.{option} ({setting.source}) is a secret in a file that others may read"
            yield Finding("warning", _CHECK, found, f'keep it elsewhere: {option} = "env:NAME" or "file:PATH"')


def policies(settings: Settings) -> Iterator[Finding]:
    """Rows that name what is not there, or say nothing. Whether a task matches is not known before it is named."""
    profiles, storages = settings.names("profiles"), settings.names("storage")
    for row in (*settings.package_policies, *settings.policies):
        source = next(iter(row.values())).source
        profile, layer, serializer = row.get("profile"), row.get("storage_layer"), row.get("serializer")
        if profile is not None and profile.value not in profiles:
            found = f"the policy at {source} is for the profile {profile.value!r}, which is not there: it never applies"
            yield Finding("warning", "policies", found, f"there are: {', '.join(profiles)}")
        if set(row) <= {*POLICY_MATCHES}:
            yield Finding("warning", "policies", f"the policy at {source} says nothing but what it is for", "remove it")
        if layer is not None and not _is_there(layer, storages):
            found = f"there is no storage {layer.value!r} ({layer.source})"
            yield Finding("error", "policies", found, f"configured: {', '.join(storages)}")
        if serializer is not None:
            try:
                registry(settings).find(SerializerType, serializer.value)
            except DatanectarError as error:
                yield Finding("error", "policies", f"{serializer.source}: {error}")


def profiles(settings: Settings) -> Iterator[Finding]:
    """Profiles that are not in force and name a storage that is not there."""
    storages = settings.names("storage")
    for name in settings.names("profiles"):
        layer = settings.values.get(f"profiles.{name}.storage_layer")
        if name != settings.profile and layer is not None and not _is_there(layer, storages):
            found = f"{name} names the storage {layer.value!r} ({layer.source}), which is not there"
            yield Finding("warning", "profile", found, f"configured: {', '.join(storages)}")


def _is_there(layer: Setting, storages: Sequence[str]) -> bool:
    return "://" in layer.value or layer.value in storages
