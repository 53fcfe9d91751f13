"""TARGET and param=value: from the command line's words to artifacts."""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import click

from datanectar.errors import ArgumentError
from datanectar.tasks.function import Task
from datanectar.tasks.nectar import NectarTask
from datanectar.tasks.signature import Signature, of_function
from datanectar.values.annotations import MISMATCH, UNKNOWN, describe, parse_text


def resolve_target(target: str, words: Iterable[str]) -> Any:
    """Returns what TARGET stands for with its parameters: artifacts, in any nesting.

    Raises:
        click.UsageError: TARGET or a parameter is not what it should be.
    """
    module_name, colon, attribute = target.partition(":")
    if not colon or not attribute:
        raise click.UsageError(f"TARGET {target!r} is not module:task, such as eta.pipeline:report")
    found = _find(_import(module_name), attribute, module_name)
    parameters = _split(words)
    signature = _signature(found)
    if signature is None:
        if parameters:
            raise click.UsageError(f"{target} is not called, so it takes no parameters ({', '.join(parameters)})")
        return found
    arguments = {name: _parse(signature, name, text) for name, text in parameters.items()}
    signature.bind((), arguments)
    return found(**arguments)


def _import(name: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            msg = f"there is no module {error.name!r} in {os.getcwd()} or installed; run this where the project is"
            raise click.UsageError(msg) from error
        raise _broken(name, error) from error
    except Exception as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> click.ClickException:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    return click.ClickException(f"importing {name} failed\n{text.rstrip()}")


_NOT_THE_USERS = (__file__, "<frozen importlib", import_module.__code__.co_filename)


def _find(module: ModuleType, path: str, module_name: str) -> Any:
    found: Any = module
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            names = [name for name, value in vars(found).items() if isinstance(value, (Task, FunctionType, type))]
            near = difflib.get_close_matches(attribute, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(sorted(names)) or 'no tasks'}"
            raise click.UsageError(f"{module_name} has no {attribute!r}{hint}")
        found = getattr(found, attribute)
    return found


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


def _signature(found: Any) -> Signature | None:
    if isinstance(found, Task):
        return found.signature
    if isinstance(found, type) and issubclass(found, NectarTask):
        return found._get_definition().signature
    if isinstance(found, FunctionType):
        return of_function(found, found.__name__)
    return None


def _parse(signature: Signature, name: str, text: str) -> Any:
    annotations: Mapping[str, Any] = signature.annotations
    annotation = annotations.get(name, UNKNOWN)
    value = parse_text(text, annotation, signature.defaults.get(name))
    if value is MISMATCH:
        msg = (
            f"{signature.task}(): {name}={text!r} cannot be read as {describe(annotation)}. The command line gives "
            "plain values; for artifacts, name a function that puts the tasks together"
        )
        raise ArgumentError(msg)
    return value
