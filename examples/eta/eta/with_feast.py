"""The pipeline with features from Feast: recent trips of a carrier on a route, as they were known at the time."""

import pandas as pd
from sklearn.pipeline import Pipeline

import datanectar as dn
from eta import models
from eta.features import NUMERIC, feature_table
from eta.pipeline import check_order, flights, score_table, scores
from eta.trip_stats import STATISTICS, questions, trip_statistics

FEATURES = [f"trip_stats:{name}" for name in STATISTICS]


@dn.task(task_type="publish_features")
def trip_stats(trips: list[pd.DataFrame], month: int) -> dn.FeatureBatch:
    from feature_repo import definitions  # Feast takes seconds to import: where it is used, and only there

    store = dn.feature_store()
    store.apply(definitions)
    return store.publish("trip_stats", trip_statistics(trips, month), event_timestamp="known_at")


@dn.task(task_type="build_features")
def features_with_stats(trips: pd.DataFrame, stats: list[dn.FeatureBatch]) -> pd.DataFrame:
    found = dn.feature_store().training_set(questions([trips]), FEATURES, batches=stats)
    return feature_table([trips]).join(found[list(STATISTICS)])


@dn.task(task_type="build_features")
def joined(months: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(months, ignore_index=True)


@dn.task(task_type="train_model", model_family="classifier")
def eta_classifier_with_stats(train: pd.DataFrame, max_depth: int = 6, iterations: int = 150) -> Pipeline:
    return models.train_classifier(train, max_depth, iterations, numeric=(*NUMERIC, *STATISTICS))


@dn.task(task_type="train_model", model_family="regressor")
def eta_regressor_with_stats(train: pd.DataFrame, max_depth: int = 6, iterations: int = 150) -> Pipeline:
    return models.train_regressor(train, max_depth, iterations, numeric=(*NUMERIC, *STATISTICS))


def published(month: int) -> dn.Artifact[dn.FeatureBatch]:
    """Names the statistics of a month, which reach back into the month before."""
    return trip_stats([flights(earlier) for earlier in _with_the_month_before(month)], month)


def table(months: tuple[int, ...]) -> dn.Artifact[pd.DataFrame]:
    """Names the table of some months' flights, each with the statistics that were known an hour before it left."""
    return joined(
        [features_with_stats(flights(month), [published(m) for m in _with_the_month_before(month)]) for month in months]
    )


def report(
    train_months: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9),
    test_months: tuple[int, ...] = (10, 11, 12),
    max_depth: int = 6,
) -> dn.Artifact[str]:
    """Names the table of scores: learn from the earlier months, judge on the later ones."""
    check_order(train_months, test_months)
    train, test = table(train_months), table(test_months)
    classifier = eta_classifier_with_stats(train, max_depth=max_depth)
    regressor = eta_regressor_with_stats(train, max_depth=max_depth)
    return score_table(scores(classifier, regressor, train, test))


def bring_online(months: tuple[int, ...]) -> list[dn.Materialization]:
    """Publishes what is missing of some months, and brings it to Feast's online store."""
    store = dn.feature_store()
    return [store.materialize(batch) for batch in dn.run([published(month) for month in months])]


def _with_the_month_before(month: int) -> list[int]:
    return [earlier for earlier in (month - 1, month) if earlier >= 1]
