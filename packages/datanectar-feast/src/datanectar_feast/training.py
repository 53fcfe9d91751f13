"""Training sets: every row that was asked for, in order, with the features as they were known at its time.

Feast's file store drops rows: those whose entity has features, but none at that time; those of an entity and time that
another row has; and of several views, those that any of them drops, or whose first view's entity and time another row
has. So each view is asked alone, each entity and time once, by a number by which the answers are joined to the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from datanectar.errors import ArgumentError, MissingFeatures
from datanectar_feast.checking import is_kin, said
from datanectar_feast.references import Asked, Source
from datanectar_feast.times import EVENT_TIMESTAMP, in_utc, time_column

_QUESTION = "datanectar_question"


class TrainingSet:
    """A training set in the making.

    Args:
        asked: What is asked of each view.
        full_names: Whether columns are called ``view__feature``.
    """

    def __init__(self, asked: Sequence[Asked], full_names: bool) -> None:
        self._asked, self._full_names = asked, full_names
        self._sources = [source for one in asked for source in one.sources]

    def of(
        self,
        frame: Any,
        on_missing: Literal["keep", "raise"],
        timezone: str | None,
        reading: Callable[[], AbstractContextManager[Any]],
    ) -> Any:
        """Returns a pandas frame of entity rows with a column for each feature.

        Args:
            frame: The entity rows.
            on_missing: Whether a row without features is kept.
            timezone: The zone of times that say none.
            reading: Opens the `feast.FeatureStore` to ask; its registry is nobody else's.

        Raises:
            ArgumentError: A column is missing or of another type, or times say no zone.
            MissingFeatures: A row has no features of some view, and `on_missing` is ``raise``.
        """
        if on_missing not in ("keep", "raise"):
            raise ArgumentError(f"on_missing={on_missing!r} must be 'keep' or 'raise'")
        self._check_names(frame)
        rows, numbers = self._questions(frame, timezone)
        questions = rows.loc[~numbers.duplicated()].reset_index(drop=True)
        with reading() as store:
            answers = self._answers(store, questions)
        if on_missing == "raise":
            self._check_found(questions, answers)
        found = answers.take(numbers.to_numpy())  # they were numbered as they came
        return frame.assign(**{name: found[name].array for name in found.columns})

    def _check_names(self, frame: Any) -> None:
        twice = list(frame.columns[frame.columns.duplicated()])
        if twice:
            raise ArgumentError(f"entity_df has column {twice[0]!r} twice: rename one of them")
        called: dict[str, str] = {}
        for asked in self._asked:
            for name in asked.columns:
                if name in frame.columns:
                    raise ArgumentError(
                        f"entity_df has a column {name!r}, and so is a feature of view {asked.view.name!r} called: "
                        "rename the column, or give full_feature_names=True"
                    )
                if name in called:
                    raise ArgumentError(
                        f"both {called[name]!r} and {asked.view.name!r} have a feature {name!r}: give "
                        "full_feature_names=True"
                    )
                called[name] = asked.view.name

    def _questions(self, frame: Any, timezone: str | None) -> tuple[Any, Any]:
        """What each row asks, and numbers, equal for rows that ask the same."""
        import pandas as pd

        keys = {name: kind for source in self._sources for name, kind in source.keys.items()}
        inputs = [name for asked in self._asked for name in asked.inputs if name not in keys]
        time = time_column(frame)
        self._check_columns(frame, [*keys, *inputs])
        columns = {name: _key(frame[name], name, kind) for name, kind in keys.items()}
        columns |= {name: frame[name].array for name in inputs}
        rows = pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))
        rows[EVENT_TIMESTAMP] = in_utc(frame[time], time, timezone).array
        return rows, rows.groupby(list(rows.columns), dropna=False, sort=False).ngroup()

    def _check_columns(self, frame: Any, wanted: list[str]) -> None:
        missing = [name for name in dict.fromkeys(wanted) if name not in frame.columns]
        if missing:
            views = ", ".join(asked.view.name for asked in self._asked)
            raise ArgumentError(f"entity_df has no column {', '.join(map(repr, missing))}, which {views} is joined by")

    def _answers(self, store: Any, questions: Any) -> Any:
        """The features of each question, in its place."""
        import pandas as pd

        found: list[Any] = []
        for asked in self._asked:
            answers = [_ask(store, source, questions) for source in asked.sources]
            if asked.on_demand:
                answers = [self._compute(asked.view, pd.concat([questions, *answers], axis=1))]
            found.append(pd.concat(answers, axis=1)[list(asked.called)].set_axis(list(asked.columns), axis=1))
        return pd.concat(found, axis=1)

    def _compute(self, view: Any, known: Any) -> Any:
        """What an on-demand view makes of a question and of what others answered; Feast would do it row-deep too."""
        import pyarrow as pa

        table = pa.Table.from_pandas(known, preserve_index=False)
        return view.transform_arrow(table, full_feature_names=True).to_pandas()

    def _check_found(self, questions: Any, answers: Any) -> None:
        for asked in self._asked:
            if asked.on_demand or not asked.columns:
                continue
            missing = answers[list(asked.columns)].isna().all(axis=1)
            if missing.any():
                (source,) = asked.sources
                raise MissingFeatures(_missing_message(source, questions[missing.to_numpy()], len(questions)))


def _ask(store: Any, source: Source, questions: Any) -> Any:
    """Asks Feast for the features of one view, of each entity and time once."""
    from feast import FeatureService

    by = [*source.keys, EVENT_TIMESTAMP]
    numbers = questions.groupby(by, dropna=False, sort=False).ngroup()
    distinct = questions.loc[~numbers.duplicated(), by].assign(**{_QUESTION: numbers[~numbers.duplicated()]})
    distinct = distinct.dropna(subset=list(source.keys)).reset_index(drop=True)  # null is nobody
    distinct = distinct.assign(**{name: _key(distinct[name], name, kind) for name, kind in source.keys.items()})
    if distinct.empty:
        return _nothing(source.columns, len(questions))
    service = FeatureService(name="datanectar", features=[source.view])
    store.registry.apply_feature_service(service, store.project)
    job = store.get_historical_features(distinct, service, full_feature_names=True)
    answers = job.to_df().set_index(_QUESTION)[list(source.columns)]
    return answers.reindex(numbers).set_axis(questions.index)


def _nothing(columns: Mapping[str, Any], rows: int) -> Any:
    """Nulls of the types that Feast would answer with."""
    import pyarrow as pa

    return pa.table({name: pa.nulls(rows, kind or pa.null()) for name, kind in columns.items()}).to_pandas()


def _key(given: Any, name: str, kind: Any) -> Any:
    """Returns the column of an entity as the view has it: it is compared to that.

    Raises:
        ArgumentError: It is of another type.
    """
    import pandas as pd
    import pyarrow as pa

    if kind is None:
        return given.array
    try:
        column = pa.array(given, from_pandas=True)
        if not is_kin(column.type, kind):
            raise pa.ArrowInvalid(f"it is {column.type}")
        column = column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ArgumentError(
            f"entity_df: column {name!r} is not what the view has, {kind} ({error}): convert it before"
        ) from error
    return pd.array(column.to_pandas(integer_object_nulls=True))


def _missing_message(source: Source, missing: Any, total: int) -> str:
    first = missing[[*source.keys, EVENT_TIMESTAMP]].iloc[0]
    return (
        f"{len(missing)} of {total} distinct rows have no features of view {source.view.name!r} at their time, such as "
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
    """Returns entities as Feast's online store takes them: a mapping for each.

    Raises:
        ArgumentError: It is neither a table nor a sequence of mappings.
    """
    if isinstance(rows, Iterable) and not isinstance(rows, Mapping) and not hasattr(rows, "columns"):
        found = list(rows)
        if all(isinstance(row, Mapping) for row in found):
            return [dict(row) for row in found]
    elif hasattr(rows, "columns"):
        return list(as_frame(rows).to_dict("records"))
    raise ArgumentError(
        f'rows are a table, or a mapping for each entity, as in [{{"carrier": "UA"}}]; not {rows!r:.80}'
    )
