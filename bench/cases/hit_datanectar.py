"""A stored result, by Datanectar: naming the call and running it."""

from typing import Any

from hitting import measure

import datanectar as dn


@dn.task
def summary(number: int, text: str) -> dict[str, Any]:
    return {"number": number, "text": text, "half": number / 2, "even": number % 2 == 0}


def call(number: int, text: str) -> dict[str, Any]:
    result: dict[str, Any] = dn.run(summary(number, text))
    return result


measure(call)
