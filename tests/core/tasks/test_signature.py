"""Binding: the same rules as for a function, all defaults included, and every mistake said plainly."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.errors import ArgumentError
from datanectar.tasks.signature import of_function


def plain(a, b=2):
    pass


def every_kind(a, b=2, /, c=3, *rest, d, e=5, **extra):
    pass


def keywords_only(*, a, b=2):
    pass


def nothing():
    pass


def bind(function, *args, **kwargs):
    return of_function(function, function.__name__).bind(args, kwargs)


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (plain, (1,), {}),
        (plain, (), {"b": 1, "a": 2}),
        (every_kind, (1,), {"d": 4}),
        (every_kind, (1, 2, 3, 4, 5), {"d": 4, "f": 6}),
        (every_kind, (1,), {"d": 4, "a": "extra", "rest": 1, "extra": 2}),
        (keywords_only, (), {"a": 1}),
        (nothing, (), {}),
    ],
)
def test_binding_agrees_with_inspect_and_spreads_back(function, args, kwargs):
    expected = inspect.signature(function).bind(*args, **kwargs)
    expected.apply_defaults()
    bound = bind(function, *args, **kwargs)
    assert bound == expected.arguments
    positional, keywords = of_function(function, "f").spread(bound)
    again = inspect.signature(function).bind(*positional, **keywords)
    again.apply_defaults()
    assert again.arguments == expected.arguments


@given(
    st.sampled_from([plain, every_kind, keywords_only, nothing]),
    st.lists(st.integers(), max_size=5).map(tuple),
    st.dictionaries(st.sampled_from("abcdefz"), st.integers(), max_size=4),
)
def test_what_python_refuses_is_refused_and_nothing_else(function, args, kwargs):
    try:
        function(*args, **kwargs)
    except TypeError:
        with pytest.raises(ArgumentError):
            bind(function, *args, **kwargs)
    else:
        bind(function, *args, **kwargs)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bind(plain, 1, 2, 3), r"plain\(\) takes 2 positional arguments, got 3; its parameters: a, b=2"),
        (lambda: bind(plain, 1, a=2), r"plain\(\) got a twice"),
        (lambda: bind(plain), r"plain\(\) is called without a;"),
        (lambda: bind(plain, 1, bb=2), r"has no parameter 'bb'; did you mean 'b'\?"),
        (lambda: bind(plain, 1, zzz=2), r"has no parameter 'zzz'; its parameters"),
        (lambda: bind(nothing, 1), r"takes 0 positional arguments, got 1; its parameters: none"),
        (lambda: bind(keywords_only, 1), r"takes 0 positional arguments, got 1"),
        (lambda: bind(every_kind), r"without a, d; its parameters: a, b=2, c=3, d, e=5, \*rest, \*\*extra"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_be_right(call, said):
    with pytest.raises(ArgumentError, match=said):
        call()


def test_annotations_of_names_in_a_closure_are_resolved():
    class Local:
        pass

    def function(x: "Local", y: "list[Local]", z: "Missing"):  # noqa: F821
        return Local

    annotations = of_function(function, "f").annotations
    assert (annotations["x"], annotations["y"]) == (Local, list[Local])
