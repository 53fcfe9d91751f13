"""What is wrong with a record: its factory, its options, its URL schemes."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from datanectar import records
from datanectar.contracts.adapters import TaskAdapter
from datanectar.contracts.features import FeatureStore
from datanectar.contracts.orchestration import Orchestrator
from datanectar.contracts.serialization import Serializer
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import DatanectarError
from datanectar.layer.options import LayerOptions

_MADE: dict[type, type] = {
    records.StorageType: StorageBackend,
    records.SerializerType: Serializer,
    records.OrchestratorType: Orchestrator,
    records.FeatureStoreType: FeatureStore,
    records.TaskAdapterType: TaskAdapter,
}
#: Words that a field of a secret ends with, or has in it.
_SECRET = re.compile(r"password|passphrase|secret|(token|key|credentials?|connection_string)$")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
#: Options that core takes out of each storage's table before the plugin sees it.
_TAKEN = {"type", *(field.name for field in dataclasses.fields(LayerOptions))}


def problems_of(record: records.ComponentType) -> Iterator[str]:
    """Yields what is wrong with a record, and what to do."""
    what = f"{record.kind} {record.name!r}"
    options, problem = _resolved(record.options)
    if problem:
        yield f"{what}: its options {record.options!r} {problem}"
    elif options is not None:
        yield from (f"{what}: {problem}" for problem in _options_problems(record, options))
    factory, problem = _resolved(record.factory)
    if problem:
        yield f"{what}: its factory {record.factory!r} {problem}"
    elif not isinstance(record, records.CommandType):
        yield from (f"{what}: {problem}" for problem in _factory_problems(record, factory))
    if isinstance(record, records.StorageType) and options is not None:
        yield from (f"{what}: {problem}" for scheme in record.schemes for problem in _scheme_problems(scheme, options))


def _resolved(reference: Any) -> tuple[Any, str]:
    """What ``"module:attribute"`` names, or why it names nothing."""
    if not isinstance(reference, str):
        return reference, ""
    module, _, attribute = reference.partition(":")
    try:
        return getattr(import_module(module), attribute), ""
    except Exception as error:
        return None, f"cannot be imported: {type(error).__name__}: {error}"


def _factory_problems(record: records.ComponentType, factory: Any) -> Iterator[str]:
    if not callable(factory):
        yield f"its factory, {factory!r}, cannot be called"
        return
    wanted = _MADE.get(type(record))
    if isinstance(factory, type) and wanted is not None:
        if not issubclass(factory, wanted):
            yield f"its factory {factory.__qualname__} is no datanectar.{wanted.__name__}; derive it from that"
        missing = sorted(getattr(factory, "__abstractmethods__", ()))
        if missing:
            yield f"{factory.__qualname__} lacks {', '.join(missing)}, so none can be made"
    arguments = () if record.options is None else (record.options,)
    try:
        inspect.signature(factory).bind(*arguments)
    except TypeError as error:
        given = "one argument, its options" if arguments else "no argument, as it has no options"
        yield f"its factory is called with {given}, and does not take that: {error}"
    except ValueError:  # compiled, and without a signature
        pass


def _options_problems(record: records.ComponentType, options: Any) -> Iterator[str]:
    name = getattr(options, "__qualname__", repr(options))
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        yield f"its options {name} are no dataclass"
        return
    if not options.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        yield f"{name} can be changed after it was checked; make it @dataclass(frozen=True)"
    try:
        typing.get_type_hints(options)
    except Exception as error:
        yield f"annotations of {name} cannot be read, so no value can be checked: {error}"
    for field in dataclasses.fields(options):
        yield from (f"option {field.name} of {name} {problem}" for problem in _field_problems(field))
        if isinstance(record, records.StorageType) and field.name in _TAKEN:
            yield f"option {field.name} of {name} never gets a value: every storage has one of that name; rename it"


def _field_problems(field: dataclasses.Field[Any]) -> Iterator[str]:
    help_, secret = field.metadata.get("help"), field.metadata.get("secret")
    if not isinstance(help_, str) or not help_.strip() or "\n" in help_:
        yield "has no help; add metadata={'help': 'one line'}, which is shown where the option is missing or wrong"
    if not isinstance(field.metadata.get("env", ""), str):
        yield f"has env={field.metadata['env']!r}, which is no variable's name"
    if secret is None and _SECRET.search(field.name):
        yield (
            "is printed by `datanectar config show`, and by its name it should not be; add 'secret': True to its "
            "metadata ('secret': False if it is none)"
        )
    if secret and field.repr:
        yield "is secret, and stands in the repr of the options, so in logs and tracebacks; add repr=False to its field"


def _scheme_problems(scheme: str, options: Any) -> Iterator[str]:
    if _SCHEME.fullmatch(scheme) is None:
        yield f"scheme {scheme!r} is none; it is what stands before :// in a URL"
    read = getattr(options, "from_url", None)
    if not callable(read):
        yield f"{options.__qualname__} has no classmethod from_url(url), so {scheme}://… cannot be read"
        return
    url = f"{scheme}://place/prefix"
    try:
        found = read(url)
    except DatanectarError:  # another form is wanted, and is told
        return
    except Exception as error:
        yield f"from_url({url!r}) raised {type(error).__name__}: {error}; raise ConfigurationError, and tell the form"
        return
    if not isinstance(found, options):
        yield f"from_url({url!r}) gives {type(found).__qualname__}, not {options.__qualname__}; is it a classmethod?"
