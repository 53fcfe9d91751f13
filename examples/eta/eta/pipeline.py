"""The project as Datanectar sees it. Only this file and `with_feast.py` know of it."""

import pandas as pd
from sklearn.pipeline import Pipeline

import datanectar as dn
from eta import models
from eta.evaluation import Scores, evaluate
from eta.evaluation import report as as_text
from eta.features import feature_table
from eta.flights import month_of_flights


@dn.task(task_type="extract")
def flights(month: int) -> pd.DataFrame:
    return month_of_flights(month)


@dn.task(task_type="build_features")
def features(trips: list[pd.DataFrame]) -> pd.DataFrame:
    return feature_table(trips)


@dn.task(task_type="train_model", model_family="classifier")
def eta_classifier(train: pd.DataFrame, max_depth: int = 6, iterations: int = 150) -> Pipeline:
    return models.train_classifier(train, max_depth, iterations)


@dn.task(task_type="train_model", model_family="regressor")
def eta_regressor(train: pd.DataFrame, max_depth: int = 6, iterations: int = 150) -> Pipeline:
    return models.train_regressor(train, max_depth, iterations)


@dn.task(task_type="evaluate")
def scores(classifier: Pipeline, regressor: Pipeline, train: pd.DataFrame, test: pd.DataFrame) -> Scores:
    return evaluate(classifier, regressor, train, test)


@dn.task(task_type="evaluate")
def score_table(results: Scores) -> str:
    return as_text(results)


def report(
    train_months: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9),
    test_months: tuple[int, ...] = (10, 11, 12),
    max_depth: int = 6,
) -> dn.Artifact[str]:
    """Names the table of scores: learn from the earlier months, judge on the later ones."""
    check_order(train_months, test_months)
    train = features([flights(month) for month in train_months])
    test = features([flights(month) for month in test_months])
    classifier = eta_classifier(train, max_depth=max_depth)
    regressor = eta_regressor(train, max_depth=max_depth)
    return score_table(scores(classifier, regressor, train, test))


def check_order(train_months: tuple[int, ...], test_months: tuple[int, ...]) -> None:
    """Refuses to judge on months that were learned from, or are earlier."""
    if max(train_months) >= min(test_months):
        raise ValueError("every training month must be earlier than every test month")
