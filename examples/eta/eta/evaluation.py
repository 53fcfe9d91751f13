"""Scores on held-out months, each beside what a timetable with averages of the past would have scored."""

from collections.abc import Callable

import pandas as pd
from numpy.typing import ArrayLike
from sklearn import metrics
from sklearn.pipeline import Pipeline

from eta.flights import OUTCOME
from eta.models import is_late

Scores = dict[str, dict[str, dict[str, float]]]


def evaluate(classifier: Pipeline, regressor: Pipeline, train: pd.DataFrame, test: pd.DataFrame) -> Scores:
    """Scores both models on held-out months.

    The baselines are figures of the same carrier and hour of departure in the training months, and for each
    metric the one that suits it best: the rate of late flights, the median delay for MAE, the mean for RMSE.

    Args:
        classifier: The fitted model of the probability to be late.
        regressor: The fitted model of the delay.
        train: The months that the models learned from; the baselines learn from them too.
        test: The months held out.

    Returns:
        model → metric → {"model": …, "baseline": …}; "rows" → "train" and "test" → their size and late share.
    """
    late, rate = is_late(test), _by_slot(train, is_late(train), test, "mean")
    probability = classifier.predict_proba(test)[:, 1]
    delay, minutes = test[OUTCOME], regressor.predict(test)
    median = _by_slot(train, train[OUTCOME], test, "median")
    mean = _by_slot(train, train[OUTCOME], test, "mean")

    def beside(
        score: Callable[..., float], truth: pd.Series, model: ArrayLike, baseline: pd.Series
    ) -> dict[str, float]:
        return {"model": float(score(truth, model)), "baseline": float(score(truth, baseline))}

    return {
        "classifier": {
            "roc_auc": beside(metrics.roc_auc_score, late, probability, rate),
            "average_precision": beside(metrics.average_precision_score, late, probability, rate),
            "brier": beside(metrics.brier_score_loss, late, probability, rate),
        },
        "regressor": {
            "mae_minutes": beside(metrics.mean_absolute_error, delay, minutes, median),
            "rmse_minutes": beside(metrics.root_mean_squared_error, delay, minutes, mean),
        },
        "rows": {
            name: {"flights": float(len(table)), "late_share": float(is_late(table).mean())}
            for name, table in (("train", train), ("test", test))
        },
    }


def report(scores: Scores) -> str:
    """Renders scores as a table for people.

    Args:
        scores: What `evaluate` gave.

    Returns:
        Plain text of a dozen lines.
    """
    lines = [f"{'':<31}{'model':>10}{'baseline':>10}{'change':>10}", "-" * 61]
    for name in ("classifier", "regressor"):
        for metric, score in scores[name].items():
            model, baseline = score["model"], score["baseline"]
            lines.append(f"{name:<12}{metric:<19}{model:>10.3f}{baseline:>10.3f}{model / baseline - 1:>+10.1%}")
    lines.append("")
    for name, part in scores["rows"].items():
        lines.append(f"{name:<5} {part['flights']:>9,.0f} flights, {part['late_share']:.1%} late")
    return "\n".join(lines) + "\n"


def _by_slot(train: pd.DataFrame, outcome: pd.Series, test: pd.DataFrame, figure: str) -> pd.Series:
    """Predicts the figure of the same carrier and hour in training; of all flights where there was none."""

    def slot(table: pd.DataFrame) -> pd.Series:
        return table["carrier"] + (table["departure_minute"] // 60).astype(str)

    return slot(test).map(outcome.groupby(slot(train)).agg(figure)).fillna(outcome.agg(figure))
