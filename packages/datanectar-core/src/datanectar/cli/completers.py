"""What a shell completes: profiles, storages, artifacts, targets and their parameters.

Whatever fails completes nothing and prints nothing: nobody asked for an error with the Tab key.
"""

from __future__ import annotations

import enum
import io
import os
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import islice
from typing import Any, TypeAlias

import click
from click.shell_completion import CompletionItem

from datanectar.configuration.active import current, override

#: Artifacts that are looked at; of more than that, a longer start must be typed.
_MOST = 5_000
#: Letters of a fingerprint that somebody types on purpose.
_LETTERS = 4

Find = Callable[[click.Context, str], Iterable[tuple[str, str]]]
#: In quotes, since older releases of click have no ``CompletionItem[str]``.
Completer: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]"


def _completer(find: Find) -> Completer:
    """Makes a completer of a function that yields values, and a word on each for shells that show one."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = dict(pair for pair in find(context, incomplete) if pair[0].startswith(incomplete))
            except (Exception, SystemExit):  # a user's module may do anything when it is imported
                return []
        return [CompletionItem(value, help=word or None) for value, word in found.items()]

    return complete


@_completer
def profiles(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Profiles of the configuration."""
    yield from ((name, "") for name in current().names("profiles"))


@_completer
def storages(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Storages of the configuration."""
    yield from ((name, str(current().get(f"storage.{name}.type", ""))) for name in current().names("storage"))


def _stored(context: click.Context, prefix: str = "") -> tuple[list[str], list[tuple[str, str]]]:
    """Names that start with a prefix, and every task's path with its aliases, in the store that the options choose."""
    from datanectar.layer import keys
    from datanectar.layer.opening import storage_layer

    chosen = context.params.get("storage_layer") or context.params.get("source")  # `copy` has it as an argument
    with override("command line", {"profile": context.params.get("profile"), "storage_layer": chosen}):
        backend = storage_layer().backend
        names = [keys.name_of(info.key) for info in islice(backend.list(keys.MANIFESTS + prefix), _MOST)]
        return names, sorted({keys.alias_of(info.key) for info in backend.list(keys.ALIASES)})


@_completer
def prefixes(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Names of artifacts, segment by segment, as paths are completed."""
    yield from _by_segment(_stored(context, incomplete)[0], incomplete)


@_completer
def artifacts(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Names segment by segment, ``task@alias``, and fingerprints."""
    yield from _artifacts(context, incomplete)


def _artifacts(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    names, aliases = _stored(context)
    yield from _by_segment([name for name in names if name.startswith(incomplete)], incomplete)
    for path, alias in aliases:
        yield f"{path if '/' in incomplete else path.rpartition('/')[2]}@{alias}", path
    if len(incomplete) >= _LETTERS:
        yield from ((fingerprint, path) for path, _, fingerprint in (name.rpartition("/") for name in names))


@_completer
def artifacts_and_tasks(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """What has aliases: tasks by their paths or the last segment of these, and what names artifacts."""
    names, aliases = _stored(context)
    for path in sorted({name.rpartition("/")[0] for name in names} | {path for path, _ in aliases} - {""}):
        yield path if "/" in incomplete else path.rpartition("/")[2], path
    yield from _artifacts(context, incomplete)


@_completer
def aliases(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Aliases that tasks have."""
    yield from ((alias, path) for path, alias in _stored(context)[1])


def _by_segment(names: list[str], start: str) -> Iterator[tuple[str, str]]:
    found = {name[: name.find("/", len(start)) + 1] or name for name in names}
    if len(found) == 1 and (only := next(iter(found))).endswith("/"):
        yield from _by_segment(names, only)
    else:
        yield from ((name, "") for name in sorted(found))


def segments(number: int) -> Completer:
    """Task types (0), model families (1) or tasks (2) of what is stored."""

    def find(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
        split = (name.split("/")[:-1] for name in _stored(context)[0])
        yield from ((found, "") for found in sorted({parts[number] for parts in split if len(parts) > number}))

    return _completer(find)


@_completer
def targets(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Modules of the working directory, and what in one can be run."""
    yield from _targets(incomplete)


@_completer
def targets_and_artifacts(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """What can be explained."""
    yield from _targets(incomplete)
    if ":" not in incomplete:
        yield from _artifacts(context, incomplete)


def _targets(incomplete: str) -> Iterator[tuple[str, str]]:
    from datanectar.cli.targets import load_module, targets_of

    module_name, colon, _ = incomplete.partition(":")
    if not colon:
        yield from ((name, "") for name in _modules(incomplete.rpartition(".")[0]))
        return
    for name, found in targets_of(load_module(module_name)).items():
        yield f"{module_name}:{name}", (getattr(found, "__doc__", None) or "").strip().partition("\n")[0]


def _modules(package: str) -> Iterator[str]:
    from pkgutil import iter_modules

    places = [os.getcwd()]
    if package:
        from datanectar.cli.targets import load_module

        places = list(load_module(package).__path__)
    start = f"{package}." if package else ""
    yield from (f"{start}{found.name}{'.' if found.ispkg else ':'}" for found in iter_modules(places))


@_completer
def parameters(context: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """``name=`` of the target's parameters that are not given yet; behind it the values, where they are few."""
    from datanectar.cli.targets import find_target, signature_of
    from datanectar.tasks.signature import REQUIRED
    from datanectar.values.annotations import UNKNOWN, describe

    signature = signature_of(find_target(context.params["target"]))
    if signature is None:
        return
    given = {word.partition("=")[0] for word in context.params.get("parameters") or ()}
    for name, default in signature.defaults.items():
        annotation = signature.annotations.get(name, UNKNOWN)
        if incomplete.startswith(f"{name}="):
            yield from ((f"{name}={value}", "") for value in _values(annotation))
        elif name not in given:
            kind = "" if annotation is UNKNOWN else describe(annotation)
            yield f"{name}=", kind if default is REQUIRED else f"{kind} = {default!r:.40}".lstrip()


def _values(annotation: Any) -> list[str]:
    if annotation is bool:
        return ["true", "false"]
    if typing.get_origin(annotation) is typing.Literal:
        return [str(value) for value in typing.get_args(annotation)]
    return list(annotation.__members__) if isinstance(annotation, enum.EnumMeta) else []
