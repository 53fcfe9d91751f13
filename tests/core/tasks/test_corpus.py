"""What is part of a name and what is not, by pairs of source trees; conftest.py says how a pair is written down."""


def test_the_corpus_has_many_pairs_of_each_kind(corpus):
    kept = [pair for pair in corpus if pair.keeps]
    assert len(corpus) >= 72
    assert min(len(kept), len(corpus) - len(kept)) >= 100


def test_each_pair_is_of_two_trees(pair):
    assert pair.before != pair.after
    assert pair.keeps != bool(pair.changed)
    for tree in (pair.before, pair.after):
        assert "pipeline.py" in tree
        for name, text in tree.items():
            if name.endswith(".py"):
                compile(text, name, "exec")
    modules = {_module(name) for name in {*pair.before, *pair.after}}
    for name in (name for names in pair.changed for name in names):
        assert any(name.startswith(f"{module}.") for module in modules)


def test_a_name_is_kept_or_changed(pair, namer):
    before, after = namer(pair.before), namer(pair.after)
    assert (before.name == after.name) == pair.keeps


def test_what_changed_is_named(changed_pair, namer):
    pair = changed_pair
    before, after = namer(pair.before).functions, namer(pair.after).functions
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    # A class may be recorded by its methods, a function by those that it makes.
    missing = [names for names in pair.changed if not any(_is_of(name, one) for name in names for one in changed)]
    named = [name for names in pair.changed for name in names]
    assert not missing
    assert {one for one in changed if not any(_is_of(name, one) for name in named)} == set()


def test_what_cannot_be_followed_is_listed(listed_pair, namer):
    wanted, found = listed_pair.not_followed, namer(listed_pair.after).not_followed
    assert found is not None, "CodeDigest has no list `not_followed`"
    if wanted == ("nothing",):
        assert found == []
    else:
        assert [item for item in wanted if not any(all(word in one for word in item.split()) for one in found)] == []


def _module(path: str) -> str:
    return path.removeprefix("site-packages/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _is_of(name: str, recorded: str) -> bool:
    return recorded == name or recorded.startswith(f"{name}.")
