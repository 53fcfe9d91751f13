"""Training sets: every row that was asked for, in order, with the features as they were known at its time.

Feast's file store drops rows: those whose entity has features, but none at that time; those of an entity and time that
another row has; and of several views, those that any of them drops. So each distinct question is asked once, by a
number by which the answers are joined to the rows; and what is lost among several views is asked view by view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from datanectar.errors import ArgumentError, MissingFeatures
from datanectar_feast.checking import is_kin, said
from datanectar_feast.requests import Asked, asked_of, features_of
from datanectar_feast.times import EVENT_TIMESTAMP, in_utc, time_column

_QUESTION = "datanectar_question"


class TrainingSet:
    """A training set in the making.

    Args:
        store: The `feast.FeatureStore` to ask.
        private: Opens one with a registry of its own, which nobody else sees.
        features: Names as ``view:feature``, a `feast.FeatureService` or its name.
        full_names: Whether columns are called ``view__feature``.
    """

    def __init__(
        self,
        store: Any,
        private: Callable[[], AbstractContextManager[Any]],
        features: Any,
        full_names: bool,
    ) -> None:
        store.refresh_registry()
        self._store, self._private, self._full_names = store, private, full_names
        self._features = features_of(store, features)
        self._asked = asked_of(store, self._features, full_names=full_names)

    def of(self, frame: Any, on_missing: Literal["keep", "raise"], timezone: str | None) -> Any:
        """Returns a pandas frame of entity rows with a column for each feature.

        Raises:
            ArgumentError: A column is missing or of another type, or times say no zone.
            MissingFeatures: A row has no features of some view, and `on_missing` is ``raise``.
        """
        if on_missing not in ("keep", "raise"):
            raise ArgumentError(f"on_missing={on_missing!r} must be 'keep' or 'raise'")
        rows, numbers = self._questions(frame, timezone)
        questions = rows.loc[~numbers.duplicated()].assign(**{_QUESTION: numbers[~numbers.duplicated()]})
        answers = self._answers(questions).reindex(questions[_QUESTION])
        if on_missing == "raise":
            self._check_found(questions, answers)
        found = answers.reindex(numbers)
        return frame.assign(**{name: found[name].array for name in found.columns})

    def _questions(self, frame: Any, timezone: str | None) -> tuple[Any, Any]:
        """What is to be told to Feast of each row; and numbers, equal for rows that ask the same."""
        keys = {name: kind for asked in self._asked for name, kind in asked.keys.items()}
        time = time_column(frame)
        self._check_columns(frame, keys)
        inputs = [name for asked in self._asked for name in asked.inputs if name not in (*keys, time)]
        rows = frame[[*keys, *dict.fromkeys(inputs)]].reset_index(drop=True)
        rows[EVENT_TIMESTAMP] = in_utc(frame[time], time, timezone).reset_index(drop=True)
        return rows, rows.groupby(list(rows.columns), dropna=False, sort=False).ngroup()

    def _check_columns(self, frame: Any, keys: dict[str, Any]) -> None:
        import pyarrow as pa

        wanted = [*keys, *(name for asked in self._asked for name in asked.inputs)]
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            views = ", ".join(asked.view.name for asked in self._asked)
            raise ArgumentError(f"entity_df has no column {', '.join(map(repr, missing))}, which {views} is joined by")
        for name, kind in keys.items():
            given = pa.Schema.from_pandas(frame[[name]], preserve_index=False).field(name).type
            if kind is not None and not is_kin(given, kind):
                raise ArgumentError(
                    f"entity_df: column {name!r} is {given}, and the view has {kind}: convert it before"
                )

    def _answers(self, questions: Any) -> Any:
        """Feast's answers by number, those that it lost among several views included."""
        import pandas as pd

        if questions.empty:
            columns = [name for asked in self._asked for name in asked.columns]
            return pd.DataFrame(columns=columns, dtype=object)
        answers = self._ask(self._store, questions, self._features)
        lost = questions[~questions[_QUESTION].isin(answers.index)]
        if lost.empty or len(self._asked) == 1:
            return answers
        from feast import FeatureService

        answers = answers.reindex(questions[_QUESTION])
        with self._private() as store:
            for asked in self._asked:
                service = FeatureService(name="datanectar", features=[asked.view])
                store.registry.apply_feature_service(service, store.project)
                found = self._ask(store, lost, service)
                for name in asked.columns:
                    answers[name] = answers[name].where(
                        ~answers.index.isin(found.index), found[name].reindex(answers.index)
                    )
        return answers

    def _ask(self, store: Any, questions: Any, features: Any) -> Any:
        """Asks Feast, of each entity and time once at a time: it would drop the second."""
        import pandas as pd

        by = [EVENT_TIMESTAMP, *(name for asked in self._asked for name in asked.keys)]
        turns = questions.groupby(list(dict.fromkeys(by)), dropna=False, sort=False).cumcount()
        answers = []
        for turn in range(int(turns.max()) + 1):
            asked = questions[turns == turn].reset_index(drop=True)
            job = store.get_historical_features(asked, features, full_feature_names=self._full_names)
            answers.append(job.to_df().set_index(_QUESTION))
        whole = answers[0] if len(answers) == 1 else pd.concat(answers)
        return whole[[name for name in whole.columns if name not in questions.columns]]

    def _check_found(self, questions: Any, answers: Any) -> None:
        for asked in self._asked:
            if asked.on_demand or not asked.columns:
                continue
            missing = answers[list(asked.columns)].isna().all(axis=1)
            if missing.any():
                raise MissingFeatures(_missing_message(asked, questions[missing.to_numpy()], len(questions)))


def _missing_message(asked: Asked, missing: Any, total: int) -> str:
    first = missing[[*asked.keys, EVENT_TIMESTAMP]].iloc[0]
    return (
        f"{len(missing)} of {total} distinct rows have no features of view {asked.view.name!r} at their time, such as "
        f'{said(first.items())}. on_missing="keep" keeps them, with nulls'
    )


def as_frame(table: Any) -> Any:
    """Returns a table as a pandas frame.

    Raises:
        ArgumentError: It is none.
    """
    import pandas as pd
    import pyarrow as pa

    if isinstance(table, pd.DataFrame):
        return table
    try:
        return (table if isinstance(table, pa.Table) else pa.table(table)).to_pandas()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ArgumentError(
            f"a {type(table).__qualname__} is no table: give a pandas, polars or Arrow table"
        ) from error


def as_rows(rows: Any) -> list[dict[str, Any]]:
    """Returns entities as Feast's online store takes them: a mapping for each."""
    if isinstance(rows, Sequence) or (isinstance(rows, Iterable) and not hasattr(rows, "columns")):
        return [dict(row) for row in rows]
    return list(as_frame(rows).to_dict("records"))
