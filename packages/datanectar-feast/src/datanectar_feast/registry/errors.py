"""What two writers of one registry cannot both have. Each error is also the one by which Feast refuses the same."""

from __future__ import annotations

from typing import Any

from feast import errors as feast_errors

from datanectar.errors import DatanectarError

# An older Feast has no numbered versions of views, and no error of theirs.
_VersionConflict: Any = getattr(feast_errors, "ConcurrentVersionConflict", feast_errors.FeastError)


class RegistryConflict(DatanectarError):
    """Another process registered what cannot stand beside what is to be registered; nothing was committed."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)  # those of Feast make a message of their own of a name


class ConflictingViews(RegistryConflict, feast_errors.ConflictingFeatureViewNames):  # type: ignore[misc]
    """A view of this name is there, and is one of another kind."""


class VersionTaken(RegistryConflict, _VersionConflict):  # type: ignore[misc]
    """This numbered version of a view is there, and has other content."""
