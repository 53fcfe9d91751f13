"""A stored result, by diskcache's memoize: one SQLite file, no link between a result and the code that made it."""

from typing import Any

import diskcache
from hitting import measure

cache = diskcache.Cache("store")


@cache.memoize()
def summary(number: int, text: str) -> dict[str, Any]:
    return {"number": number, "text": text, "half": number / 2, "even": number % 2 == 0}


measure(summary)
