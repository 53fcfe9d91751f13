"""A stored result, by joblib.Memory."""

from typing import Any

import joblib
from hitting import measure

memory = joblib.Memory("store", verbose=0)


@memory.cache
def summary(number: int, text: str) -> dict[str, Any]:
    return {"number": number, "text": text, "half": number / 2, "even": number % 2 == 0}


measure(summary)
