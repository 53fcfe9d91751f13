import pytest

from datanectar.doctor.findings import Finding, guarded
from datanectar.errors import StorageError

FINE = Finding("ok", "a", "fine")


def check(error: BaseException):
    yield FINE
    raise error


def test_what_a_check_finds_is_passed_on() -> None:
    assert list(guarded("a", [FINE, FINE])) == [FINE, FINE]


def test_an_error_of_ours_says_it_all() -> None:
    assert list(guarded("a", check(StorageError("gone; look there")))) == [
        FINE,
        Finding("error", "a", "gone; look there"),
    ]


@pytest.mark.parametrize(
    ("error", "said"), [(ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"), (SystemExit(3), "SystemExit: 3")]
)
def test_any_other_error_is_a_finding_that_names_it(error: BaseException, said: str) -> None:
    assert list(guarded("a", check(error)))[1] == Finding("error", "a", f"this check failed itself: {said}")


def test_an_interruption_is_none() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(guarded("a", check(KeyboardInterrupt())))
