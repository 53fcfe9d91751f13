"""The kit finds what is wrong with storages that each break one rule, by the test that names the rule."""

import importlib
import re
from pathlib import Path

import pytest

from datanectar.testing import StorageConformance  # noqa: F401  first: it has the asserts of the kit show values
from datanectar.testing.storage.commits import Commits
from datanectar.testing.workers import WORKERS, session_workers

SUITE = """
import pytest
import broken
from datanectar.testing import StorageConformance
from datanectar.testing.storage.crashes import Crashes
from datanectar.testing.storage.limits import Memory
from datanectar.testing.storage.processes import Processes

class TestBroken({parts}):
    processes = {processes}
    page, rounds, contenders, threads, huge = broken.PAGE, 2, (broken.CONTENDERS,), 4, (24 << 20) + 3

    @pytest.fixture
    def backend(self, {fixture}):
        return broken.{name}({fixture})

    @pytest.fixture
    def secrets(self):
        return ["hunter2"]
"""


def rules_of(part: type) -> set[str]:
    return {name.removeprefix("test_") for name in vars(part) if name.startswith("test_")}


#: Where the bytes themselves are not right, no artifact is.
COMMITS = rules_of(Commits)
SHARED = "threads_that_share_a_backend_do_not_disturb_each_other"
AGAIN = {"a_key_that_could_not_be_written_can_be_written_again"}
RACES = {"one_of_many_threads_wins", "threads_that_store_one_artifact_all_get_the_winners"}

#: By storage: the tests that must fail, those that may fail as well, and what one of the first must say.
IN_MEMORY = {
    "LooksFirst": ({"one_of_many_threads_wins"}, RACES, "4 of 4 who raced for a key won.* never look first"),
    "Overwrites": (
        {"a_second_create_is_refused", "a_second_create_changes_nothing", "what_was_written_is_not_created_again"},
        {"a_second_create_of_the_same_bytes_is_refused_too", *RACES, *COMMITS},
        "a second create replaced what a first one stored",
    ),
    "Truncates": (
        {"an_object_comes_back_as_it_was_stored"},
        {"an_object_is_not_seen_before_it_is_whole", *COMMITS},
        "9437187 bytes from stream were stored, 1048576 came back",
    ),
    "LiesWhenContended": ({"one_of_many_threads_wins"}, set(), "all 4 who raced for a key were told that it exists"),
    "ClaimsWhenContended": ({"one_of_many_threads_wins"}, RACES, "all but one of them lost their result"),
    "LosesPages": (
        {"a_listing_of_many_pages_loses_and_doubles_nothing"},
        {"what_is_listed_can_be_deleted_meanwhile"},
        "5 of 25 keys are not listed, such as many/",
    ),
    "ListsTwice": ({"a_listing_of_many_pages_loses_and_doubles_nothing"}, {SHARED}, "1 keys are listed twice"),
    "PagesByNumber": ({"what_is_listed_can_be_deleted_meanwhile"}, set(), "keys were passed over"),
    "ListsWholeSegments": (
        {"a_prefix_may_end_in_the_middle_of_a_segment"},
        {"a_hostile_prefix_lists_nothing", "a_key_of_the_longest_length_works", "what_lies_below_an_object_is_missing"},
        "ab.json",
    ),
    "RaisesOnMissing": (
        {"deleting_what_is_missing_is_no_error"},
        {
            "what_is_listed_can_be_deleted_meanwhile",
            "more_keys_than_one_batch_are_deleted",
            "the_start_of_a_longer_key_is_not_an_object",
            "what_lies_below_an_object_is_missing",
        },
        "KeyNotFound",
    ),
    "StopsAfterBatch": (
        {"more_keys_than_one_batch_are_deleted"},
        {"what_is_listed_can_be_deleted_meanwhile"},
        "one call with 320 keys left",
    ),
    "WantsLists": ({"keys_to_delete_may_come_from_a_generator"}, set(), "a/0"),
    "ShowsHalves": ({"an_object_is_not_seen_before_it_is_whole"}, set(), "half of an object is seen"),
    "KeepsHalves": (
        {"a_source_that_raises_leaves_nothing", "a_writer_that_raises_leaves_nothing"},
        AGAIN,
        "half of a result is taken for the whole",
    ),
    "SwallowsErrors": (
        {"a_source_that_raises_leaves_nothing", "a_writer_that_raises_leaves_nothing"},
        {"a_file_that_is_missing_leaves_nothing", *AGAIN},
        "DID NOT RAISE",
    ),
    "Rewinds": ({"a_stream_is_stored_from_where_it_stands"}, set(), "456789"),
    "EmptyIfMissing": (
        {"what_is_missing_is_a_key_error_that_names_the_key", "what_was_deleted_is_missing"},
        {"the_start_of_a_longer_key_is_not_an_object", "what_lies_below_an_object_is_missing", *COMMITS},
        "DID NOT RAISE",
    ),
    "ForgetsTheKey": ({"what_is_missing_is_a_key_error_that_names_the_key"}, {"what_was_deleted_is_missing"}, "404"),
    "LeavesItsPart": (AGAIN, set(), "is being written by another"),
    "TakesEmptyForFree": ({"a_second_create_is_refused"}, set(), "DID NOT RAISE"),
    "CutsTails": (
        {"a_range_of_a_large_object_is_that_of_a_slice"},
        set(),
        r"open\(key, 1048575, None\) of 12582912 bytes gave 8388608",
    ),
    "ForgetsSizes": ({"a_size_is_that_of_the_bytes"}, set(), "write of a file tells the wrong size"),
    "IncludesTheEnd": (
        {"a_range_is_that_of_a_slice", "a_range_of_a_large_object_is_that_of_a_slice"},
        {SHARED},
        r"open\(key, 0, 4\) gave b'01234' instead of b'0123'",
    ),
    "WrongSize": ({"a_size_is_that_of_the_bytes"}, {SHARED}, "stat tells the wrong size"),
    "NaiveTimes": (
        {"a_time_is_of_now_and_in_utc", "sizes_and_times_of_a_listing_are_those_of_each_object"},
        set(),
        "not in UTC",
    ),
    "TakesAnyKey": ({"a_key_that_some_store_would_alias_is_refused", "a_key_in_unicode_is_refused"}, None, "check_key"),
    "FoldsKeys": ({"keys_that_look_alike_are_kept_apart"}, set(), "AlreadyExists"),
    "NeverForgets": ({"what_was_deleted_is_missing"}, COMMITS, "DID NOT RAISE"),
    "SharesItsState": ({SHARED}, RACES, "a thread got what belongs to another, such as: read"),
    "ShowsItsPassword": (
        {"no_secret_is_shown"},
        {"a_url_names_the_store_and_no_credentials"},
        "secret 0 is shown in url",
    ),
    "Broken": (set(), set(), ""),
}

ACROSS = {"another_process_opens_the_same_store_from_a_pickle", "one_of_many_processes_wins"}
SEEN = {"what_another_process_stored_and_deleted_is_seen_by_the_next_call"}
KILLED_WRITER = {"what_a_killed_writer_began_is_not_there_and_its_key_can_be_written"}
ARTIFACTS = {
    "processes_that_store_one_artifact_all_get_the_winners",
    "killed_at_any_call_of_a_commit_the_artifact_is_absent_or_whole",
}
HUGE = {"a_huge_object_goes_through_in_little_memory"}
ON_DISK = {
    "LooksFirstOnDisk": ({"one_of_many_processes_wins"}, ARTIFACTS, "4 of 4 who raced for a key won"),
    "WritesInPlace": ({"one_of_many_processes_wins"}, ARTIFACTS, "not all read what the winner stored"),
    "PicklesEmpty": (
        {"another_process_opens_the_same_store_from_a_pickle"},
        ACROSS | SEEN | ARTIFACTS,
        "another process opened a store with {}",
    ),
    "CarriesItsClient": ({"a_pickle_is_a_reference_without_a_client"}, set(), "using the store changes its pickle"),
    "CannotTravel": (
        {"a_pickle_is_a_reference_without_a_client"},
        ACROSS | SEEN | KILLED_WRITER | ARTIFACTS | HUGE,
        "Define __getstate__ or __reduce__",
    ),
    "RemembersListings": (SEEN, ARTIFACTS, "list remembers what it found earlier"),
    "RemembersWhatIsMissing": (SEEN, ARTIFACTS, "stat remembers that a key was free"),
    "LeavesItsPartOnDisk": (KILLED_WRITER, ARTIFACTS, "is being written by another"),
    "EndsOtherProcesses": (
        {"killed_at_any_call_of_a_commit_the_artifact_is_absent_or_whole"},
        ACROSS | SEEN | ARTIFACTS | HUGE,
        "ended with exit code 3, and nobody had killed it",
    ),
    "ReadsWhole": (HUGE, set(), "the process grew by 2[0-9] MiB"),
    "CollectsWhole": (HUGE, set(), "hand streams on, piece by piece"),
    "Disk": (set(), set(), ""),
}


class Failures:
    """A plugin that notes which tests fail and what they say, and lends the suite the workers of this session."""

    def __init__(self, workers):
        self.workers, self.count, self.said = workers, 0, {}

    def pytest_configure(self, config):
        config.stash[WORKERS] = self.workers
        config.option.tbstyle = "native"  # to find the sources of a traceback takes longer than most tests

    def pytest_runtest_logreport(self, report):
        self.count += report.when == "call"
        if report.failed:
            name = report.nodeid.rpartition("::test_")[2].partition("[")[0]
            self.said[name] = self.said.get(name, "") + str(report.longrepr)


@pytest.fixture
def find_failures(request, tmp_path, monkeypatch):
    """Returns a function that runs the kit on a broken storage, and returns which tests fail and what they say."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    importlib.import_module("broken")

    def find(name, *, processes):
        parts, fixture = ("Processes, Crashes, Memory", "tmp_path") if processes else ("StorageConformance", "")
        suite = tmp_path / f"test_{name.lower()}.py"  # a name of its own: modules are kept
        suite.write_text(SUITE.format(name=name, parts=parts, processes=processes, fixture=fixture))
        (tmp_path / "pytest.ini").touch()
        plugin = Failures(session_workers(request.config))
        quiet = "-p no:terminal -p no:cacheprovider -p no:faulthandler -s -W error --import-mode=importlib"
        once = "-p no:unraisableexception"  # collects garbage five times at the end; that of this session does
        pytest.main([*quiet.split(), *once.split(), f"--basetemp={tmp_path}/t", str(suite)], plugins=[plugin])
        assert plugin.count > (5 if processes else 100)
        return plugin.said

    return find


def check(said, expected, others, words):
    assert expected <= set(said)
    assert others is None or set(said) <= expected | others
    assert not expected or any(re.search(words, said[name], re.DOTALL) for name in expected), said


@pytest.mark.parametrize("name", IN_MEMORY)
def test_what_is_broken_is_found_by_the_test_that_names_it(find_failures, name):
    check(find_failures(name, processes=False), *IN_MEMORY[name])


@pytest.mark.parametrize("name", ON_DISK)
def test_what_only_other_processes_see_is_found_by_the_test_that_names_it(find_failures, name):
    check(find_failures(name, processes=True), *ON_DISK[name])
