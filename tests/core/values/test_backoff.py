from datanectar.values.backoff import pause_before


def test_pauses_double_up_to_the_longest() -> None:
    assert all(0.05 * 2**n <= pause_before(n + 1, longest=30.0) <= 0.1 * 2**n for n in range(8))
    assert 15 <= pause_before(10, longest=30.0) <= 30


def test_the_thousandth_pause_is_no_longer() -> None:
    assert 2.5 <= pause_before(1000, longest=5.0) <= 5
