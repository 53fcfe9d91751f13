"""TARGET and param=value: from the command line's words to artifacts."""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any

import click

from datanectar.contracts.adapters import TaskAdapter
from datanectar.errors import ArgumentError, DatanectarError
from datanectar.tasks.classes import adapter_of
from datanectar.tasks.function import Task
from datanectar.tasks.handle import Artifact
from datanectar.tasks.nectar import NectarTask
from datanectar.tasks.signature import Signature, of_function
from datanectar.values.annotations import MISMATCH, UNKNOWN, describe
from datanectar.values.text import parse_text


def resolve_target(target: str, words: Iterable[str]) -> Any:
    """Returns what TARGET stands for with its parameters: artifacts, in any nesting.

    Raises:
        click.UsageError: TARGET or a parameter is not what it should be.
    """
    found = find_target(target)
    parameters = _split(words)
    adapter = _adapter(found)
    if adapter is not None:
        return adapter.from_text(found, parameters)
    signature = signature_of(found)
    if signature is None:
        if parameters:
            raise click.UsageError(f"{target} is not called, so it takes no parameters ({', '.join(parameters)})")
        return found
    arguments = {name: _parse(signature, name, text) for name, text in parameters.items()}
    signature.bind((), arguments)
    try:
        return found(**arguments)
    except DatanectarError:
        raise
    except Exception as error:
        raise _broken(f"calling {target}", error) from error


def _adapter(found: Any) -> TaskAdapter | None:
    """The adapter of a class of another library."""
    is_own = not isinstance(found, type) or issubclass(found, NectarTask)
    return None if is_own else adapter_of(found)


def find_target(target: str) -> Any:
    """Returns the object that ``module:attribute`` names."""
    module_name, colon, attribute = target.partition(":")
    if not (module_name and colon and attribute):
        raise click.UsageError(f"TARGET {target!r} is not module:task, such as {module_name or 'module'}:task")
    return _find(load_module(module_name), attribute, module_name)


def load_module(name: str) -> ModuleType:
    """Imports a module of the working directory, or an installed one."""
    sys.path.insert(0, os.getcwd())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise click.UsageError(f"there is no module {error.name!r} {_hint(name)}") from error
        raise _broken(f"importing {name}", error) from error
    except (Exception, SystemExit) as error:
        raise _broken(f"importing {name}", error) from error


def _hint(name: str) -> str:
    if name.endswith(".py"):
        module = name.removesuffix(".py").strip("./").replace("/", ".")
        return f"in {os.getcwd()}; name the module, not the file: {module}:…"
    near = difflib.get_close_matches(name, [found.name for found in iter_modules([os.getcwd()])], 1)
    hint = f"did you mean {near[0]!r}?" if near else "run this where the project is"
    return f"in {os.getcwd()} or installed; {hint}"


def _broken(what: str, error: BaseException) -> click.ClickException:
    """The user's code failed outside of any task: its own frames of the traceback, and no others."""
    found = traceback.TracebackException.from_exception(error)
    own = [frame for frame in found.stack if not frame.filename.startswith(_NOT_THE_USERS)]
    found.stack = traceback.StackSummary.from_list(own)
    return click.ClickException(f"{what} failed\n{''.join(found.format()).rstrip()}")


_NOT_THE_USERS = (__file__.rpartition("cli")[0], "<frozen importlib", import_module.__code__.co_filename)


def _find(module: ModuleType, path: str, module_name: str) -> Any:
    found: Any = module
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            names = list(targets_of(found))
            near = difflib.get_close_matches(attribute, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(sorted(names)) or 'no tasks'}"
            raise click.UsageError(f"{module_name} has no {attribute!r}{hint}")
        found = getattr(found, attribute)
    return found


def targets_of(found: Any) -> dict[str, Any]:
    """Returns what in a module can be a target: its own functions, tasks and task classes, and artifacts."""

    def is_target(value: Any) -> bool:
        if isinstance(value, (Task, Artifact)):
            return True
        is_own = getattr(value, "__module__", None) == getattr(found, "__name__", None)
        is_class = isinstance(value, type) and (issubclass(value, NectarTask) or adapter_of(value) is not None)
        return is_own and (is_class or isinstance(value, FunctionType))

    return {name: value for name, value in vars(found).items() if name[0] != "_" and is_target(value)}


def _split(words: Iterable[str]) -> dict[str, str]:
    parameters = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"{word!r} is not param=value")
        if name in parameters:
            raise click.UsageError(f"{name} is given twice")
        parameters[name] = text
    return parameters


def signature_of(found: Any) -> Signature | None:
    """Returns what a target is called with, or None where it is not called."""
    if isinstance(found, Task):
        return found.signature
    if isinstance(found, type) and issubclass(found, NectarTask):
        return found._get_definition().signature
    if isinstance(found, FunctionType):
        return of_function(found, found.__name__)
    return None


_MODULES_OF_PLAIN_TYPES = ("builtins", "datetime", "decimal", "uuid")


def _parse(signature: Signature, name: str, text: str) -> Any:
    annotations: Mapping[str, Any] = signature.annotations
    annotation = annotations.get(name, UNKNOWN)
    value = parse_text(text, annotation, signature.defaults.get(name))
    if value is MISMATCH:
        advice = (
            ". The command line gives plain values; for artifacts, name a function that puts the tasks together"
            if not isinstance(annotation, type) or annotation.__module__ not in _MODULES_OF_PLAIN_TYPES
            else ""
        )
        raise ArgumentError(f"{signature.task}(): {name}={text!r} cannot be read as {describe(annotation)}{advice}")
    return value
