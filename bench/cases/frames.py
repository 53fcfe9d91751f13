"""The frame: ten columns of seven kinds, about 90 bytes a row."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from large import SIZE

ROWS = SIZE
CARRIERS = ["AA", "B6", "DL", "EV", "UA", "WN"]


def make() -> Any:
    random = np.random.default_rng(2013)
    numbers = random.integers(0, 10**9, ROWS)
    text = pd.Series(pd.array(pa.array(numbers).cast(pa.string()), dtype="str"))
    return pd.DataFrame(
        {
            "id": np.arange(ROWS),
            "count": numbers,
            "small": random.integers(-100, 100, ROWS, dtype=np.int32),
            "price": random.random(ROWS),
            "noise": random.standard_normal(ROWS),
            "share": random.random(ROWS),
            "text": text,
            "when": np.datetime64("2013-01-01", "us") + (numbers % 31_536_000).astype("timedelta64[s]"),
            "carrier": pd.Categorical.from_codes(random.integers(0, len(CARRIERS), ROWS), CARRIERS),
            "delay": pd.array(numbers % 1_000, dtype="Int64").astype("Int64"),
        }
    ).assign(delay=lambda frame: frame["delay"].mask(frame["small"] > 90))


def touch(frame: Any) -> float:
    numeric = float(frame[["id", "count", "small", "price", "noise", "share"]].sum().sum())
    rest = int(frame["text"].str.len().sum()) + int(frame["carrier"].cat.codes.sum()) + int(frame["delay"].sum())
    return numeric + rest + int(frame["when"].astype("int64").sum() % 10**9)
