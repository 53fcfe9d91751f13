"""How long to wait before trying again."""

from __future__ import annotations

import random


def pause_before(retry: int, *, longest: float) -> float:
    """Returns the seconds to wait before the first, second, … retry: from a tenth on, doubling, with jitter.

    Args:
        retry: Which retry it is, from 1 on.
        longest: What no pause exceeds.
    """
    return float(min(0.1 * 2.0 ** min(retry - 1, 30), longest)) * random.uniform(0.5, 1.0)
