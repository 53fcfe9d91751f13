"""What is asked of Feast: which features of which views, and which columns that takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datanectar.errors import ArgumentError, FeatureStoreError
from datanectar_feast.views import arrow_type


@dataclass(frozen=True)
class Source:
    """Features that are read from one view.

    Attributes:
        view: The view, as Feast has it, with a projection to these features.
        columns: What Feast calls the features, as ``view__feature``, and their Arrow types; None for an unknown one.
        keys: The columns of its entities, as the question has them, and their Arrow types.
    """

    view: Any
    columns: Mapping[str, Any]
    keys: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """The features that are asked of one view.

    Attributes:
        view: The view, as Feast has it, with a projection to these features.
        columns: What the features are called in a result.
        called: What Feast calls them, in the same order.
        on_demand: Whether it computes its features from those of others, and from columns of the question.
        sources: What is read for it: the view itself, or those that it computes from.
        inputs: The columns of the question that it computes from.
    """

    view: Any
    columns: Sequence[str]
    called: Sequence[str]
    on_demand: bool
    sources: Sequence[Source]
    inputs: Sequence[str]


def features_of(store: Any, features: Any, *, cached: bool = False) -> Any:
    """Returns what Feast is to be asked for: a list of names, or a registered `feast.FeatureService`.

    Args:
        store: A `feast.FeatureStore`.
        features: Names as ``view:feature``, a `feast.FeatureService` or its name.
        cached: Whether the registry that Feast has in memory will do.

    Raises:
        ArgumentError: It is neither, nor the name of one.
        FeatureStoreError: No feature service of that name is registered.
    """
    from feast import FeatureService

    if isinstance(features, str) and ":" not in features:
        return _service(store, features, cached)
    if isinstance(features, FeatureService):
        return _service(store, features.name, cached)
    names = [features] if isinstance(features, str) else features
    names = list(names) if isinstance(names, Iterable) else [names]
    wrong = [name for name in names if not isinstance(name, str) or ":" not in name]
    if wrong or not names:
        what = f"{wrong[0]!r} is none" if wrong else "there is none"
        raise ArgumentError(f"features are names as 'view:feature', or a feature service or its name; {what}")
    return list(dict.fromkeys(names))


def _service(store: Any, name: str, cached: bool) -> Any:
    from feast.errors import FeatureServiceNotFoundException

    try:
        return store.registry.get_feature_service(name, store.project, allow_cache=cached)
    except FeatureServiceNotFoundException as error:
        known = ", ".join(sorted(one.name for one in store.registry.list_feature_services(store.project)))
        raise FeatureStoreError(
            f"feature service {name!r} is not registered in the Feast project {store.project!r}: apply it first. "
            f"Registered: {known or 'none'}. Features are named as 'view:feature'"
        ) from error


def columns_of(features: Any, *, full_names: bool) -> list[str]:
    """Returns what the columns of features are called, in their order; `features` are those of `features_of`."""
    if isinstance(features, list):
        named = [name.split(":", 1) for name in features]
    else:
        views = features.feature_view_projections
        named = [[view.name_to_use(), feature.name] for view in views for feature in view.features]
    return [f"{view.partition('@')[0]}__{feature}" if full_names else feature for view, feature in named]


def asked_of(store: Any, features: Any, *, full_names: bool) -> list[Asked]:
    """Returns what is asked of each view, in order.

    Raises:
        FeatureStoreError: A view is not registered, or lacks a feature.
    """
    from feast import FeatureService

    if isinstance(features, FeatureService):
        found = [(registered(store, one.name), one) for one in features.feature_view_projections]
        for view, projection in found:
            _check_features(view, [feature.name for feature in projection.features])
        views = [view.with_projection(projection) for view, projection in found]
    else:
        wanted: dict[str, list[str]] = {}
        for name in features:
            view_name, _, feature = name.partition(":")
            wanted.setdefault(view_name.partition("@")[0], []).append(feature)
        views = []
        for name, chosen in wanted.items():
            view = registered(store, name)
            _check_features(view, chosen)
            views.append(view[chosen])
    return [_asked(store, view, full_names) for view in views]


def registered(store: Any, name: str) -> Any:
    """Returns the registered view of a name, whatever its kind.

    Raises:
        FeatureStoreError: None is registered.
    """
    from feast.errors import FeatureViewNotFoundException

    try:
        return store.registry.get_any_feature_view(name, store.project)
    except FeatureViewNotFoundException as error:
        known = ", ".join(sorted(view.name for view in store.registry.list_all_feature_views(store.project)))
        raise FeatureStoreError(
            f"view {name!r} is not registered in the Feast project {store.project!r}: apply its definition first. "
            f"Registered: {known or 'none'}"
        ) from error


def _check_features(view: Any, names: Sequence[str]) -> None:
    known = [feature.name for feature in view.features]
    missing = [name for name in names if name not in known]
    if missing:
        raise FeatureStoreError(
            f"view {view.name!r} has no feature {', '.join(map(repr, missing))}; it has {', '.join(known)}. Ask for "
            "one of these, or apply the definition that has it, and after that the feature services that name it"
        )


def _asked(store: Any, view: Any, full_names: bool) -> Asked:
    projections: Mapping[str, Any] | None = getattr(view, "source_feature_view_projections", None)
    on_demand = projections is not None
    if projections is None:
        sources = [_source(view, view.projection.name_to_use())]
    else:  # an on-demand view knows its sources by their own names
        views = [(registered(store, one.name), one) for one in projections.values()]
        for found, projection in views:
            _check_features(found, [feature.name for feature in projection.features])
        sources = [_source(found.with_projection(projection), projection.name_to_use()) for found, projection in views]
    names = [feature.name for feature in view.projection.features]
    called = [f"{view.projection.name_to_use()}__{name}" for name in names]
    return Asked(
        view=view,
        columns=called if full_names else names,
        called=called,
        on_demand=on_demand,
        sources=sources,
        inputs=list(view.get_request_data_schema()) if on_demand else [],
    )


def _source(view: Any, called: str) -> Source:
    from feast.feature_view import DUMMY_ENTITY_ID

    keys = [field for field in getattr(view, "entity_columns", []) if field.name != DUMMY_ENTITY_ID]
    renamed = view.projection.join_key_map
    return Source(
        view=view,
        columns={f"{called}__{field.name}": arrow_type(field.dtype) for field in view.projection.features},
        keys={renamed.get(field.name, field.name): arrow_type(field.dtype) for field in keys},
    )
