import pytest

from datanectar.errors import ArgumentError, FeatureStoreError
from datanectar_feast.references import asked_of, features_of


def asked(store, features, full_names=False):
    return asked_of(store.native, features_of(store.native, features), full_names=full_names)


@pytest.mark.parametrize("features", ["stats:trips", ["stats:trips"], ("stats:trips",), {"stats:trips": 1}])
def test_features_are_asked_for_by_name(applied, features):
    (one,) = asked(applied, features)
    assert (one.view.name, list(one.columns), list(one.sources[0].keys)) == ("stats", ["trips"], ["driver"])


def test_a_feature_that_is_named_twice_is_asked_for_once(applied):
    (one,) = asked(applied, ["stats:trips", "stats:trips"])
    assert list(one.columns) == ["trips"]


def test_full_names_start_with_the_view(applied):
    (one,) = asked(applied, ["stats:trips"], full_names=True)
    assert list(one.columns) == ["stats__trips"]


@pytest.mark.parametrize("features", [[], ["trips"], [1], 7, None])
def test_what_names_no_feature_is_refused(applied, features):
    with pytest.raises(ArgumentError, match="features are names as 'view:feature', or a feature service or its name"):
        features_of(applied.native, features)


def test_a_view_that_is_not_applied_is_named_with_those_that_are(applied):
    with pytest.raises(FeatureStoreError) as caught:
        asked(applied, ["fares:fare"])
    assert str(caught.value) == (
        "view 'fares' is not registered in the Feast project 'eta': apply its definition first. Registered: stats"
    )


def test_a_feature_that_the_view_lacks_is_named_with_those_that_it_has(applied):
    with pytest.raises(FeatureStoreError, match=r"view 'stats' has no feature 'fare'; it has trips. Ask for one of th"):
        asked(applied, ["stats:fare"])


def test_a_feature_service_that_is_not_applied_is_named_with_those_that_are(applied):
    with pytest.raises(FeatureStoreError, match=r"feature service 'pricing' is not registered .* Registered: none"):
        asked(applied, "pricing")


def test_a_feature_service_is_asked_for_by_name_and_as_an_object(applied, stats):
    from feast import FeatureService

    service = FeatureService(name="pricing", features=[stats[1]])
    with pytest.raises(FeatureStoreError, match="feature service 'pricing' is not registered"):
        asked(applied, service)
    applied.apply(service)
    for features in ("pricing", service):
        assert [list(one.columns) for one in asked(applied, features)] == [["trips"]]


def test_a_feature_that_was_renamed_is_missed_in_the_service_that_names_it(applied, stats, define):
    from feast import FeatureService
    from feast.types import Int64

    applied.apply(FeatureService(name="pricing", features=[stats[1]]))
    applied.apply(define("stats", rides=Int64))
    with pytest.raises(FeatureStoreError, match="view 'stats' has no feature 'trips'; it has rides"):
        asked(applied, "pricing")
