"""What holds between the views of a registry and is seen in none of its lists alone: a name is of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datanectar_feast.registry.errors import ConflictingViews

ViewName = tuple[str, str]  # the name, and the project


def refuse_two_kinds(ours: Any, theirs: Any, merged: Any) -> None:
    """Refuses a name that belongs, after a merge, to views of two kinds.

    What one of the sides has by itself is not refused: it was there before, and nobody could commit anything any more.

    Raises:
        ConflictingViews: There is such a name.
    """
    our, their = _kinds(ours), _kinds(theirs)
    for view, kinds in _kinds(merged).items():
        if len(kinds) > 1 and kinds not in (our.get(view), their.get(view)):
            name, project = view
            wanted, standing = (" and ".join(sorted(found.get(view, ()))) for found in (our, their))
            msg = (
                f"{name!r} of project {project!r} is a {wanted or 'deleted view'} here, and another process made it a "
                f"{standing or 'deleted view'} meanwhile. A name is of one kind of view, so nothing of this update was "
                "committed. Rename one of the two or delete the other one, then apply again, with a new FeatureStore "
                "or after refresh_registry()"
            )
            raise ConflictingViews(msg)


def _kinds(registry: Any) -> dict[ViewName, set[str]]:
    found: dict[ViewName, set[str]] = {}
    for kind, view in views_of(registry):
        found.setdefault(name_of(view), set()).add(kind.replace("_", " "))
    return found


def views_of(registry: Any) -> Iterator[tuple[str, Any]]:
    """Yields each view with its kind, such as ``feature_view``; also of kinds that a later Feast adds."""
    for field in view_lists(registry):
        for view in getattr(registry, field):
            yield field.removesuffix("s"), view


def view_lists(registry: Any) -> list[str]:
    """Returns the fields that hold views."""
    return [field.name for field in registry.DESCRIPTOR.fields if field.name.endswith("_views")]


def name_of(view: Any) -> ViewName:
    """Returns a view's name and project."""
    return view.spec.name, view.spec.project
