"""The kit for naming schemes, on one that keeps the rules and on some that break one each."""

import pytest

GOOD = """
import random

import datanectar as dn

SEEN = []


def scheme(identity):
    return f"flat/{identity.task[:100]}-{identity.fingerprint}"


def factory():
    return scheme


RECORD = dn.NamingType(name="flat", factory=f"{__name__}:factory", summary="A task and its fingerprint")
"""
BODY = """
@pytest.fixture
def naming(self):
    return MODULE.RECORD
"""
RULE = 'return f"flat/{identity.task[:100]}-{identity.fingerprint}"'


def test_one_that_keeps_the_rules_passes(run_kit) -> None:
    assert run_kit("NamingConformance", GOOD, BODY) == {}


BROKEN = [
    pytest.param(
        'return f"flat/{identity.task[:100]}-{identity.fingerprint[:12]}"',
        "test_every_name_has_the_fingerprint_in_it",
        "would be taken for this one",
        id="it cuts the fingerprint",
    ),
    pytest.param(
        'return "flat/latest"',
        "test_another_fingerprint_is_another_name",
        "are both named 'flat/latest'",
        id="it has one name for all",
    ),
    pytest.param(
        'return f"flat/{identity.task[:100]}x{identity.fingerprint}"',
        "test_the_fingerprint_is_found_in_the_name",
        "Put one of / . _ - around it",
        id="it glues the fingerprint to the task",
    ),
    pytest.param(
        'return f"{identity.task}-{identity.fingerprint}"',
        "test_every_name_is_one_that_all_stores_can_keep",
        "each of 1 to 128 characters",
        id="it makes long segments",
    ),
    pytest.param(
        "return f\"{'/'.join(map(str, identity.parameters.values())) or 0}/{identity.fingerprint}\"",
        "test_every_name_is_one_that_all_stores_can_keep",
        "a task would be refused when it is named",
        id="it lets parameters into paths",
    ),
    pytest.param(
        'SEEN.append(0); return f"run-{len(SEEN)}/{identity.fingerprint}"',
        "test_a_name_depends_on_the_identity_alone",
        "is not found under the other",
        id="it counts",
    ),
    pytest.param(
        'return f"p{abs(hash(next(iter(identity.parameters), None)))}/{identity.fingerprint}"',
        "test_a_name_depends_on_the_identity_alone",
        "equal identities are named",
        id="it takes parameters as they come",
    ),
    pytest.param(
        'return f"p{abs(hash(identity.task))}/{identity.fingerprint}"',
        "test_another_process_gives_the_same_names",
        "each process would compute everything again",
        id="it hashes",
    ),
    pytest.param(
        f"identity.parameters.clear(); {RULE}",
        "test_naming_leaves_the_parameters_as_they_were",
        "naming changed the parameters",
        id="it changes the parameters",
    ),
    pytest.param(
        'return ("flat", identity.fingerprint)',
        "test_every_name_is_one_that_all_stores_can_keep",
        "which is no text",
        id="it gives no text",
    ),
]


@pytest.mark.parametrize(("wrong", "check", "message"), BROKEN)
def test_one_that_breaks_a_rule_is_caught_by_the_check_of_it(run_kit, wrong, check, message) -> None:
    assert RULE in GOOD
    failures = run_kit("NamingConformance", GOOD.replace(RULE, wrong), BODY, check)
    assert message in failures[check]
