"""The kit for naming schemes: a name tells artifacts apart, and is the same wherever it is computed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
from hypothesis import strategies as st

from datanectar.configuration.active import override, settings
from datanectar.configuration.settings import Settings
from datanectar.contracts.naming import Identity, Naming, check_name
from datanectar.errors import InvalidKey
from datanectar.layer.opening import storage_layer
from datanectar.records import NamingType
from datanectar.registry import registry
from datanectar.running.explanation import plan
from datanectar.running.session import run
from datanectar.running.targets import artifact
from datanectar.tasks.handle import stored_artifact
from datanectar.testing.another_process import elsewhere
from datanectar.testing.components import bring
from datanectar.testing.examples import each, sample
from datanectar.testing.flags import Conformance
from datanectar.testing.memory import private_settings
from datanectar.testing.pipelines import number

_SEGMENTS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
_FINGERPRINTS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
_OTHER = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "bcdefghijklmnopqrstuvwxyz234567a")
_WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
_IDENTITIES = st.builds(
    Identity,
    task_type=_SEGMENTS,
    model_family=_SEGMENTS,
    task=_SEGMENTS,
    fingerprint=_FINGERPRINTS,
    parameters=st.dictionaries(_WORDS, _VALUES, max_size=4),
)
_LONGEST = "x" * 128
#: What a scheme meets at the edges of what core allows.
_EDGES = [
    Identity("task", "none", "f", "a" * 26, {}),
    Identity(_LONGEST, _LONGEST, _LONGEST, "7" * 26, {"x" * 900: "x" * 2000}),
    Identity("train_model", "classifier", "eta", "q" * 26, {"path": "../../etc", "É": "É€\0", "none": None, "": [{}]}),
    Identity("0", "a..b", "c--d", "z2" * 13, {"n": 1 << 70, "m": -0.0, "options": {"B": "UPPER", "a": "two words"}}),
]


class NamingConformance(Conformance):
    """What every naming scheme must keep. Subclass it in a test module and give one fixture.

    Fixtures:
        naming: The name of an installed naming scheme, or a `NamingType` of one that is not.
    """

    @pytest.fixture
    def naming(self) -> NamingType | str:
        raise NotImplementedError("define the fixture `naming`: the name of an installed one, or a NamingType")

    @pytest.fixture
    def active(
        self, naming: NamingType | str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Settings]:
        """Settings in which the scheme is registered, and those of the developer have no say."""
        with private_settings(monkeypatch, tmp_path_factory) as active:
            yield active

    @pytest.fixture
    def scheme(self, naming: NamingType | str, active: Settings) -> Naming:
        """The function that names."""
        return _made(naming, active)

    def test_every_name_has_the_fingerprint_in_it(self, scheme: Naming) -> None:
        def check(identity: Identity) -> None:
            name = scheme(identity)
            assert identity.fingerprint in name, (
                f"{name!r} lacks the fingerprint {identity.fingerprint} of {identity}: results of other parameters or "
                "other code would be taken for this one. Core refuses it when the task is named"
            )

        _each(check)

    def test_the_fingerprint_is_found_in_the_name(self, scheme: Naming) -> None:
        """An artifact that is known by its name alone is an input under the fingerprint that stands in it."""

        def check(identity: Identity) -> None:
            name = scheme(identity)
            found = stored_artifact(name, None, "memory://").call.fingerprint
            assert found == identity.fingerprint, (
                f"the fingerprint {identity.fingerprint} cannot be told from what is beside it in {name!r}: a step "
                "whose input is given by name would be computed again. Put one of / . _ - around it"
            )

        _each(check)

    def test_every_name_is_one_that_all_stores_can_keep(self, scheme: Naming) -> None:
        def check(identity: Identity) -> None:
            name = scheme(identity)
            assert isinstance(name, str), f"{identity} is named {name!r}, which is no text"
            try:
                check_name(name)
            except InvalidKey as error:
                raise AssertionError(
                    f"a task would be refused when it is named, since {error}; it is {identity}"
                ) from error

        _each(check)

    def test_another_fingerprint_is_another_name(self, scheme: Naming) -> None:
        def check(identity: Identity) -> None:
            other = identity._replace(fingerprint=identity.fingerprint[::-1].translate(_OTHER))
            assert scheme(identity) != scheme(other), (
                f"{identity.fingerprint} and {other.fingerprint} are both named {scheme(identity)!r}: one result would "
                "be taken for the other"
            )

        _each(check)

    def test_a_name_depends_on_the_identity_alone(self, scheme: Naming) -> None:
        """No time, no counter, no random number; nor the order of parameters, which differs between callers."""

        def check(identity: Identity) -> None:
            first = scheme(identity)
            equal = copy.deepcopy(identity)._replace(parameters=dict(reversed(list(identity.parameters.items()))))
            again = scheme(equal)
            assert first == again, (
                f"equal identities are named {first!r} and {again!r}: what is stored under one name is not found under "
                f"the other. The identity is {identity}"
            )

        _each(check)

    def test_naming_leaves_the_parameters_as_they_were(self, scheme: Naming) -> None:
        def check(identity: Identity) -> None:
            before = copy.deepcopy(identity)
            scheme(identity)
            assert identity == before, f"naming changed the parameters {before.parameters} to {identity.parameters}"

        _each(check)

    def test_another_process_gives_the_same_names(self, naming: NamingType | str, scheme: Naming) -> None:
        """With another hash seed: ``hash()`` and the order of a set must not show."""
        identities = [*copy.deepcopy(_EDGES), *sample(_IDENTITIES)]
        for identity, there in zip(identities, elsewhere(_names, naming, identities), strict=True):
            here = scheme(identity)
            assert here == there, (
                f"{identity} is named {here!r} in this process and {there!r} in another: each process would compute "
                "everything again, and a worker would refuse its step. Is hash(), a set, or a setting of this process "
                "in the name?"
            )

    def test_a_run_finds_again_what_it_stored(self, naming: NamingType | str, active: Settings, scheme: Naming) -> None:
        name = naming if isinstance(naming, str) else naming.name
        with override("the kit", {"naming": name, "storage_layer": "memory://"}) as inner:
            _made(naming, inner)
            handle = number(1)
            assert run(number(1)) == 1
            assert list(storage_layer().list()) == [handle.name], f"{handle.name} was stored, and is not listed"
            assert artifact(handle.name).load() == 1
            assert [step.status for step in plan(number(1))] == ["cached"], f"{handle.name} would be made once more"


def _each(check: Callable[[Identity], None]) -> None:
    each(copy.deepcopy(_EDGES), check)  # which a scheme may spoil
    each(_IDENTITIES, check)


def _made(given: NamingType | str, active: Settings) -> Naming:
    """Makes a scheme as core makes it."""
    record = bring(NamingType, given, active)
    return registry(active).make_once(NamingType, record.name)  # type: ignore[no-any-return]


def _names(given: NamingType | str, identities: list[Identity]) -> list[str]:
    with settings() as active:
        scheme = _made(given, active)
        return [scheme(identity) for identity in identities]
