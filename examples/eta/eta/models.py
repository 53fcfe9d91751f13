"""The two models: will a flight be late, and by how many minutes."""

from collections.abc import Sequence

import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import TargetEncoder

from eta.features import CATEGORICAL, NUMERIC
from eta.flights import OUTCOME

LATE_MINUTES = 15  # what the airlines and the statistics call late


def is_late(table: pd.DataFrame) -> pd.Series:
    """Says which flights of a feature table arrived late."""
    return table[OUTCOME] >= LATE_MINUTES


def train_classifier(
    table: pd.DataFrame, max_depth: int, iterations: int, numeric: Sequence[str] = NUMERIC
) -> Pipeline:
    """Trains the model of the probability to arrive late.

    Args:
        table: Features and outcome of the training months, in the order of time.
        max_depth: The depth of each tree.
        iterations: The number of trees.
        numeric: The columns of numbers to learn from, beside `CATEGORICAL`.

    Returns:
        The fitted model; it takes feature tables, with or without the outcome.
    """
    trees = HistGradientBoostingClassifier(**_options(max_depth, iterations))
    return make_pipeline(_encoder("binary", numeric), trees).fit(table, is_late(table))


def train_regressor(table: pd.DataFrame, max_depth: int, iterations: int, numeric: Sequence[str] = NUMERIC) -> Pipeline:
    """Trains the model of the arrival delay in minutes; arguments and result are those of `train_classifier`.

    It learns the median: a few flights come five hours late, and a mean drawn to them is wrong for the rest.
    """
    trees = HistGradientBoostingRegressor(loss="absolute_error", **_options(max_depth, iterations))
    return make_pipeline(_encoder("continuous", numeric), trees).fit(table, table[OUTCOME])


def _encoder(target: str, numeric: Sequence[str]) -> ColumnTransformer:
    """Replaces carrier, route and engine by how late they came in the past, and drops the outcome."""
    # That past is the fitted rows, so the training months; for these rows themselves, their other folds.
    # Folds that are not shuffled are blocks of time: no flight is described by the delays of its own day.
    rates = TargetEncoder(target_type=target, cv=KFold(5))
    return make_column_transformer((rates, list(CATEGORICAL)), ("passthrough", list(numeric)))


def _options(max_depth: int, iterations: int) -> dict[str, float]:
    """Gives what both models share."""
    # No early stopping: it judges by random rows, which are neighbours in time of those it learns from.
    return {
        "max_depth": max_depth,
        "max_iter": iterations,
        "learning_rate": 0.05,
        "min_samples_leaf": 200,
        "early_stopping": False,
        "random_state": 0,
    }
