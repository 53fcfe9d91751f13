"""Nested artifacts are replaced by their values; everything else arrives as a copy."""

import dataclasses

import datanectar as dn
from datanectar.tasks.nesting import holds_artifact, substitute


@dataclasses.dataclass
class Options:
    names: list[str]


@dn.task
def one():
    return 1


def test_artifacts_are_replaced_in_any_nesting():
    artifact = one()
    nested = [artifact, (artifact, {"a": [artifact], 2: "plain"})]
    assert substitute(nested, lambda found: found is artifact) == [True, (True, {"a": [True], 2: "plain"})]


def test_what_can_be_changed_is_copied():
    value = {"list": [1], "set": {1}, "options": Options(["a"])}
    copied = substitute(value, lambda artifact: artifact)
    assert copied == value
    copied["list"].append(2)
    copied["set"].add(2)
    copied["options"].names.append("b")
    assert value == {"list": [1], "set": {1}, "options": Options(["a"])}


def test_artifacts_are_seen_in_any_nesting():
    assert holds_artifact([1, ({"a": one()},)])
    assert holds_artifact(one()["part"])
    assert not holds_artifact([1, ({"a": 1},), {2}])
