"""What is asked of Feast: which features of which views, and which columns that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datanectar.errors import ArgumentError
from datanectar_feast.views import arrow_type


@dataclass(frozen=True)
class Asked:
    """The features that are asked of one view.

    Attributes:
        view: The view, as Feast has it, with a projection to these features.
        columns: What the features are called in a result.
        keys: The columns of its entities, and their Arrow types.
        on_demand: Whether it computes its features from those of others, and from columns of the question.
        inputs: The columns of the question that it computes from.
    """

    view: Any
    columns: Sequence[str]
    keys: Mapping[str, Any]
    on_demand: bool
    inputs: Sequence[str]


def features_of(store: Any, features: Any, *, cached: bool = False) -> Any:
    """Returns what Feast is to be asked for: a list of names, or a registered `feast.FeatureService`.

    Args:
        store: A `feast.FeatureStore`.
        features: Names as ``view:feature``, a `feast.FeatureService` or its name.
        cached: Whether the registry that Feast has in memory will do.

    Raises:
        ArgumentError: It is neither, nor the name of one.
    """
    from feast import FeatureService

    if isinstance(features, str) and ":" not in features:
        return store.get_feature_service(features, allow_cache=cached)
    names = [features] if isinstance(features, str) else features
    if isinstance(names, FeatureService):
        return names
    wrong = [name for name in names if not isinstance(name, str) or ":" not in name]
    if wrong or not names:
        what = f"{wrong[0]!r} is none" if wrong else "there is none"
        raise ArgumentError(f"features are names as 'view:feature', or a feature service or its name; {what}")
    return list(names)


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
        feast.errors.FeatureViewNotFoundException: A view is not registered.
    """
    from feast import FeatureService

    registry, project = store.registry, store.project
    if isinstance(features, FeatureService):
        service = registry.get_feature_service(features.name, project)
        found = [(_view(store, one.name), one) for one in service.feature_view_projections]
        views = [view.with_projection(projection) for view, projection in found]
    else:
        wanted: dict[str, list[str]] = {}
        for name in features:
            view_name, _, feature = name.partition(":")
            wanted.setdefault(view_name.partition("@")[0], []).append(feature)
        views = [_view(store, name)[chosen] for name, chosen in wanted.items()]
    return [_asked(store, view, full_names) for view in views]


def _view(store: Any, name: str) -> Any:
    return store.registry.get_any_feature_view(name, store.project)


def _asked(store: Any, view: Any, full_names: bool) -> Asked:
    prefix = f"{view.projection.name_to_use()}__" if full_names else ""
    sources: Mapping[str, Any] | None = getattr(view, "source_feature_view_projections", None)
    on_demand = sources is not None
    keys: dict[str, Any] = {}
    for projection in [view.projection] if sources is None else sources.values():
        keys |= _keys(_view(store, projection.name), projection.join_key_map)
    return Asked(
        view=view,
        columns=[prefix + feature.name for feature in view.projection.features],
        keys=keys,
        on_demand=on_demand,
        inputs=list(view.get_request_data_schema()) if on_demand else [],
    )


def _keys(view: Any, called: Mapping[str, str]) -> dict[str, Any]:
    from feast.feature_view import DUMMY_ENTITY_ID

    columns = [field for field in getattr(view, "entity_columns", []) if field.name != DUMMY_ENTITY_ID]
    return {called.get(field.name, field.name): arrow_type(field.dtype) for field in columns}
