from datetime import UTC, datetime

import pytest

import datanectar as dn


@pytest.mark.parametrize(
    ("oldest", "newest", "period"),
    [
        (datetime(2013, 2, 3, 1, tzinfo=UTC), datetime(2013, 2, 3, 9, tzinfo=UTC), "2013-02-03"),
        (datetime(2013, 2, 1, tzinfo=UTC), datetime(2013, 2, 28, tzinfo=UTC), "2013-02"),
        (datetime(2013, 2, 1, tzinfo=UTC), datetime(2013, 3, 1, tzinfo=UTC), "2013-02-01 to 2013-03-01"),
        (None, None, "no time"),
    ],
)
def test_the_period_of_a_batch_is_said_in_short(oldest, newest, period) -> None:
    batch = dn.FeatureBatch(view="stats", slot="s", name="n", rows=1, oldest=oldest, newest=newest)
    assert batch.period == period
