"""Functions are tasks of Luigi: what they make is what calling them names, wherever Luigi runs them."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import forms
import function_building
import luigi
import pipeline_a
import pipeline_b
import pytest
from luigi.rpc import RemoteScheduler
from luigi.task_register import Register, load_task
from luigi.worker import Worker
from testbed.luigid import Luigid

import datanectar as dn
from datanectar_luigi import ArtifactTarget, as_luigi_task

WAYS = [(method, scheduling) for method in ("fork", "spawn", "forkserver") for scheduling in ("serial", "parallel")]
ASSISTANT = """if True:
    import sys
    from luigi.rpc import RemoteScheduler
    from luigi.worker import Worker
    assert "pipeline_a" not in sys.modules
    with Worker(scheduler=RemoteScheduler(sys.argv[1]), assistant=True, worker_processes=2) as worker:
        worker.run()
"""


def build(*tasks: luigi.Task) -> bool:
    return bool(luigi.build(list(tasks), local_scheduler=True, log_level="CRITICAL"))


def python(*words: str, warn: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *([] if warn else ["-W", "ignore"]), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values(tasks: dict[str, luigi.Task]) -> dict[str, Any]:
    return {way: dn.artifact(task).load() for way, task in tasks.items() if dn.artifact(task).exists()}


def test_a_function_is_a_real_class_of_luigi_with_luigis_attributes() -> None:
    kind = pipeline_a.numbers
    assert issubclass(kind, luigi.Task)
    assert (kind.priority, kind.resources, kind.retry_count) == (7, {"slots": 1}, 2)
    assert pipeline_a.plain.__doc__ == "Knows nothing of Datanectar."
    assert kind(up_to=4).up_to == 4


def test_its_artifact_is_the_one_that_the_call_names() -> None:
    assert dn.get_artifact_name(pipeline_a.Train(data=[1], depth=3)) == pipeline_a.train([1], depth=3).name
    target = pipeline_a.Train(data=[1]).output()
    assert isinstance(target, ArtifactTarget)
    assert target.name == pipeline_a.train([1]).name


@pytest.mark.parametrize("way", pipeline_a.VALUES)
def test_luigi_and_datanectar_make_the_same(way: str) -> None:
    task = pipeline_a.tasks()[way]
    assert build(task)
    assert values({way: task}) == {way: pipeline_a.VALUES[way]}
    assert dn.run(pipeline_a.tasks()[way]) == pipeline_a.VALUES[way]


@pytest.mark.parametrize("way", pipeline_a.VALUES)
def test_pickles_clones_and_texts_are_the_same_task(way: str) -> None:
    task = pipeline_a.tasks()[way]
    again = load_task(task.task_module, task.task_family, json.loads(json.dumps(task.to_str_params())))
    for other in (again, pickle.loads(pickle.dumps(task)), task.clone()):
        assert other == task
        assert dn.get_artifact_name(other) == dn.get_artifact_name(task)
        assert other.requires() == task.requires()


def test_artifacts_among_the_arguments_are_required_as_tasks() -> None:
    numbers, frame = pipeline_a.numbers(up_to=2), pipeline_a.frame(dt.date(2024, 1, 1))
    model, counted = pipeline_a.train([1]), pipeline_a.Counted(top=1)
    task = pipeline_a.Gather(parts=[numbers, frame["size"]], named={"m": model, "c": counted}, head=frame)
    required = task.requires()
    assert all(isinstance(needed, luigi.Task) for needed in required)
    assert [dn.artifact(needed).name for needed in required] == [  # a dict's order is that of its keys
        dn.artifact(numbers).name,
        frame.name,
        dn.artifact(counted).name,
        model.name,
    ]
    assert required[3] == pipeline_a.Train(data=[1])
    called = pipeline_a.gather(
        parts=[dn.artifact(numbers), frame["size"]], named={"m": model, "c": counted}, head=frame
    )
    assert dn.artifact(task).name == called.name


def test_an_artifact_that_is_stored_is_an_input_by_its_name(store: dn.StorageLayer) -> None:
    made = pipeline_a.train([1, 2])
    dn.run(made)
    task = pipeline_a.Gather(parts=[dn.artifact(made.name)], named={})
    again = pipeline_a.Gather.from_str_params(task.to_str_params())
    assert build(again)
    assert dn.artifact(task).load()[1] == [3.0]


def test_a_stored_input_that_is_not_there_is_named(store: dn.StorageLayer) -> None:
    with pytest.raises(dn.errors.ArtifactNotFound):
        pipeline_a.Gather(parts=[dn.artifact("train_model/mean/train/none")], named={})


def test_the_text_of_a_task_is_short_enough_to_be_written_by_hand() -> None:
    text = '{"$tasks": [{"task": "Source", "module": "forms", "parameters": {"x": "2"}}]}'
    assert forms.TenTimes(value=forms.Source(x=2)).to_str_params() == {"value": text}
    assert load_task("forms", "forms.ten_times", {"value": text}) == forms.TenTimes(value=forms.Source(x=2))


@pytest.mark.parametrize("text", ['{"$tasks": []}', '{"$tasks": 3}', '{"$tasks": [{"task": "x"}]}', '{"$tasks": '])
def test_a_text_of_tasks_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=r"ten_times\(\): value wants int, but the text is"):
        forms.TenTimes.from_str_params({"value": text})


def test_the_text_of_a_diamond_is_as_long_as_it_has_tasks() -> None:
    task = pipeline_a.join(left=1, right=1)
    lengths = []
    for _ in range(12):
        task = pipeline_a.join(left=task, right=task)
        lengths.append(len(task.to_str_params()["left"]))
    steps = [after - before for before, after in pairwise(lengths[1:])]
    assert max(steps) - min(steps) <= 6
    assert pipeline_a.join.from_str_params(task.to_str_params()) == task
    assert build(task)
    assert dn.artifact(task).load() == 2**13


def test_a_long_chain_has_a_text_and_comes_back() -> None:
    task = pipeline_a.link()
    for _ in range(150):
        task = pipeline_a.link(below=task)
    assert pipeline_a.link.from_str_params(task.to_str_params()) == task


def test_values_that_python_takes_for_equal_are_tasks_of_their_own() -> None:
    kinds = pipeline_a.Anything
    made = [kinds(x=1), kinds(x=1.0), kinds(x=True), kinds(x="1")]
    assert [type(task.x) for task in made] == [int, float, bool, str]
    assert len({task.task_id for task in made}) == 4
    assert len({dn.artifact(task).name for task in made}) == 4
    assert kinds(x=1) is made[0]


def test_two_modules_may_have_a_task_of_one_name() -> None:
    assert pipeline_a.Train.get_task_family() == "pipeline_a.train"
    assert pipeline_b.train.get_task_family() == "pipeline_b.train"
    one, other = pipeline_a.Train(data=[1]), pipeline_b.train(data=[1])
    assert one.task_id != other.task_id
    assert load_task("pipeline_b", "pipeline_b.train", {"data": "[1]"}) == other
    assert build(one, other)
    assert (dn.artifact(one).load(), dn.artifact(other).load()) == (1.0, -1.0)


def test_a_namespace_can_be_chosen() -> None:
    kind = as_luigi_task(pipeline_a.plain.__datanectar_task__, namespace="acme.eta")
    assert kind.get_task_family() == "acme.eta.plain"
    assert dn.artifact(kind(x=1)).name == dn.artifact(pipeline_a.plain(x=1)).name


def test_what_is_not_part_of_the_name_tells_no_tasks_apart() -> None:
    one, two = pipeline_a.numbers(workers=1), pipeline_a.numbers(workers=2)
    assert one.task_id == two.task_id
    assert "workers" in two.to_str_params()
    assert dn.artifact(one).name == dn.artifact(two).name


def test_other_tasks_of_luigi_require_functions_and_yield_them() -> None:
    assert build(pipeline_a.ModelReport(), pipeline_a.Dynamic())
    assert dn.artifact(pipeline_a.ModelReport()).load() == [12.0, "1 2024-02-29"]
    assert dn.artifact(pipeline_a.Dynamic()).load() == 3.0
    assert dn.run(pipeline_a.ModelReport()) == [12.0, "1 2024-02-29"]


def test_functions_take_other_tasks_of_luigi() -> None:
    task = pipeline_a.Gather(parts=[pipeline_a.ModelReport()], named={})
    again = pipeline_a.Gather.from_str_params(task.to_str_params())
    assert again.requires() == [pipeline_a.ModelReport()]
    assert build(again)
    assert dn.artifact(task).load()[1] == [[12.0, "1 2024-02-29"]]


def test_the_order_of_a_dict_tells_no_tasks_apart() -> None:
    one, other = pipeline_a.numbers(up_to=1), pipeline_a.numbers(up_to=2)
    there, back = {"a": one, "b": other}, {"b": other, "a": one}
    assert pipeline_a.Gather(parts=[], named=there) is pipeline_a.Gather(parts=[], named=back)


@pytest.mark.parametrize(("method", "scheduling"), WAYS)
def test_two_workers_make_all(method: str, scheduling: str) -> None:
    done = python(function_building.__file__, method, scheduling)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    names = {way: dn.get_artifact_name(task) for way, task in pipeline_a.tasks().items()}
    assert found == {"done": True, "names": names, "wrong": []}


def test_an_assistant_that_never_imported_the_module_makes_all(luigid: Luigid) -> None:
    tasks = pipeline_a.tasks()
    with Worker(scheduler=RemoteScheduler(luigid.url), worker_processes=0) as worker:
        for task in tasks.values():
            assert worker.add(task)
        done = python("-c", ASSISTANT, luigid.url)
    assert done.returncode == 0, done.stderr
    assert values(tasks) == pipeline_a.VALUES, done.stderr


@pytest.mark.parametrize(
    ("words", "task"),
    [
        (["pipeline_a.plain", "--x", "1"], lambda: pipeline_a.plain(x=1)),
        (["pipeline_a.plain", "--x", "-3", "--day", "2024-03-01"], lambda: pipeline_a.plain(-3, dt.date(2024, 3, 1))),
        (["pipeline_a.undecorated", "--x", "2"], lambda: pipeline_a.Undecorated(x=2)),
        (["pipeline_a.train", "--data", "[1, 2]", "--flag", "True"], lambda: pipeline_a.Train(data=[1, 2], flag=True)),
        (["pipeline_a.train", "--data", "1,2", "--flag", "False"], lambda: pipeline_a.Train(data=[1, 2])),
        (["pipeline_a.train", "--data", "[]", "--flag"], lambda: pipeline_a.Train(data=[], flag=True)),
        (["pipeline_a.train", "--data", "[3]", "--depth", "4"], lambda: pipeline_a.Train(data=[3], depth=4)),
    ],
)
def test_the_command_line_of_luigi_runs_it(words: list[str], task: Any) -> None:
    done = python("-m", "luigi", "--module", "pipeline_a", *words, "--local-scheduler", "--retcode-task-failed", "7")
    assert done.returncode == 0, done.stderr
    assert task().complete()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pipeline_a.plain"], "requires the 'x' parameter to be set"),
        (["pipeline_a.plain", "--x", "many"], "plain(): x wants int, but the text is 'many'"),
        (["pipeline_a.train", "--data", "[1]", "--flag", "perhaps"], "flag wants bool, but the text is 'perhaps'"),
        (["pipeline_a.train", "--data", '["a"]'], "data wants list[int], but the text is"),
        (["pipeline_a.gather", "--parts", "3", "--named", "{}"], "parts wants list[datanectar"),
    ],
)
def test_the_command_line_tells_what_is_wanted(words: list[str], message: str) -> None:
    done = python("-m", "luigi", "--module", "pipeline_a", *words, "--local-scheduler")
    assert done.returncode != 0
    assert message in done.stderr


def test_a_required_bool_has_to_be_given() -> None:
    with pytest.raises(luigi.parameter.MissingParameterException, match="flag"):
        pipeline_a.Typed(count=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": ["a"]}, r"train\(\): data wants list\[int\], but what was given is \['a'\]"),
        ({"data": [1], "flag": "yes"}, r"train\(\): flag wants bool, but what was given is 'yes'"),
        ({"data": pipeline_a.train([1])}, "data wants list.*makes a float"),
        ({"data": [Path("a")]}, r"train\(\): data wants list"),
    ],
)
def test_an_argument_that_is_wrong_is_refused_when_the_task_is_made(arguments: Any, message: str) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=message):
        pipeline_a.Train(**arguments)


def test_a_task_that_keeps_its_result_itself_is_refused_as_a_value() -> None:
    class KeepsIt(luigi.Task):
        def output(self) -> luigi.LocalTarget:
            return luigi.LocalTarget("kept")

    with pytest.raises(dn.errors.ArgumentError, match="KeepsIt keeps its result itself"):
        pipeline_a.Train(data=KeepsIt())


def test_every_name_that_luigis_tasks_have_is_refused_at_decoration() -> None:
    names = [name for name in dir(luigi.Task) if not name.startswith("_")]
    names += [
        "task_id",
        "param_kwargs",
        "set_status_message",
        "decrease_running_resources",
        "storage_layer",
        "artifact",
    ]
    assert len(names) > 40
    for name in names:
        namespace: dict[str, Any] = {"__name__": "elsewhere"}
        exec(f"def train({name}): ...", namespace)
        with pytest.raises(dn.errors.TaskDefinitionError, match=f"train: {name} is a name .* such as {name}_"):
            as_luigi_task(dn.task(version="1")(namespace["train"]))


def _defined(source: str, name: str = "f", module: str = "elsewhere") -> Any:
    namespace: dict[str, Any] = {"__name__": module, "dn": dn}
    exec(source, namespace)
    return dn.task(version="1")(namespace[name])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: as_luigi_task(_defined("def f(*args): ...")), r"f has \*args"),
        (lambda: as_luigi_task(_defined("def f(**options): ...")), r"f has \*args, \*\*kwargs"),
        (lambda: as_luigi_task(_defined("def f(x, /): ...")), "parameters without a name"),
        (lambda: as_luigi_task(_defined("def f(password: dn.Secret): ...")), "password is a secret"),
        (lambda: as_luigi_task(_defined("def f(x: int = 'auto'): ...")), r"default does not fit: f\(\): x wants int"),
        (lambda: as_luigi_task(dn.NectarTask), "NectarTask is a class; derive it from datanectar_luigi.NectarTask"),
        (lambda: as_luigi_task(pipeline_a.train, task_type="x"), "reads no 'task_type' off a task"),
        (lambda: as_luigi_task(pipeline_a.train, run=3), "run is a method of Luigi's tasks"),
        (lambda: as_luigi_task(3), "neither"),
        (lambda: as_luigi_task(lambda x: x), "a lambda has no name"),
    ],
)
def test_what_cannot_be_a_task_of_luigi_is_a_type_error_that_says_why(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_a_local_function_is_refused_with_the_reason() -> None:
    def local(x: int) -> int:
        return x

    with pytest.raises(dn.errors.TaskDefinitionError, match="local is defined inside a function, where no other proc"):
        as_luigi_task(local)
    with pytest.raises(dn.errors.TaskDefinitionError, match="local is defined inside a function, where no other proc"):
        pipeline_a.Gather(parts=[dn.task(local)(1)], named={})


def test_decorating_again_gives_the_same_class() -> None:
    assert as_luigi_task(pipeline_a.train) is pipeline_a.Train
    assert as_luigi_task(pipeline_a.undecorated) is pipeline_a.Undecorated


def test_a_module_that_is_loaded_again_has_its_tasks_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from datanectar_luigi import as_luigi_task\n\n@as_luigi_task\ndef score(x: int) -> int:\n    return x\n"
    (project / "reloaded.py").write_text(source)
    monkeypatch.syspath_prepend(str(project))
    module = importlib.import_module("reloaded")
    before = module.score
    importlib.reload(module)
    assert module.score is not before
    assert Register.get_task_cls("reloaded.score") is module.score
    assert load_task("reloaded", "reloaded.score", {"x": "1"}) == module.score(x=1)
    assert build(module.score(x=1))


SCRIPT = """\
import multiprocessing, sys
import luigi
import datanectar as dn
from datanectar_luigi import as_luigi_task

@as_luigi_task
def score(x: int) -> int:
    return 2 * x

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    tasks = [score(x=x) for x in range(3)]
    print(luigi.build(tasks, local_scheduler=True, workers=2, log_level="WARNING"))
    print(score.get_task_family(), [dn.artifact(task).load() for task in tasks])
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_script_that_can_be_imported_is_its_module(project: Path, method: str) -> None:
    (project / "scoring.py").write_text(SCRIPT)
    done = python("scoring.py", method)
    assert done.stdout.splitlines() == ["True", "scoring.score [0, 2, 4]"], done.stderr
    (project / "again.py").write_text(
        "import scoring, datanectar as dn\nprint(dn.artifact(scoring.score(x=2)).load())\n"
    )
    assert python("again.py").stdout == "4\n"


def test_a_module_that_is_run_is_itself(project: Path) -> None:
    (project / "acme").mkdir()
    (project / "acme" / "scoring.py").write_text(SCRIPT)
    done = python("-m", "acme.scoring", "spawn")
    assert done.stdout.splitlines() == ["True", "acme.scoring.score [0, 2, 4]"], done.stderr


def test_a_script_that_cannot_be_imported_is_warned_of_and_works_where_processes_are_forked(project: Path) -> None:
    (project / "not-a-module.py").write_text(SCRIPT)
    done = python("not-a-module.py", "fork", warn=True)
    assert done.stdout.splitlines() == ["True", "__main__.score [0, 2, 4]"], done.stderr
    assert "score is defined in" in done.stderr
    assert "which cannot be imported by name: only this process and those that it forks can run it" in done.stderr


def test_a_prompt_is_warned_of(project: Path) -> None:
    done = python("-c", SCRIPT, "fork", warn=True)
    assert "score is defined at a prompt or in a notebook" in done.stderr


def test_a_store_that_does_not_answer_is_no_missing_artifact(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise dn.errors.StorageUnavailable("the store does not answer")

    task = pipeline_a.plain(x=1)
    monkeypatch.setattr(dn.StorageLayer, "exists", broken)
    with pytest.raises(dn.errors.StorageUnavailable):
        task.complete()
    assert not build(task)


def test_a_function_that_fails_fails_its_task(capfd: pytest.CaptureFixture[str]) -> None:
    task = pipeline_a.failing(x=0)
    assert not build(task)
    assert not task.complete()


def test_many_are_complete_by_one_listing(store: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build(*(pipeline_a.plain(x=x) for x in range(3)))
    asked: list[str] = []
    kind = type(store.backend)
    listing = kind.list
    monkeypatch.setattr(kind, "list", lambda self, prefix: asked.append(prefix) or listing(self, prefix))
    assert pipeline_a.plain.bulk_complete(range(20)) == [0, 1, 2]
    assert len(asked) == 1


def test_its_logs_and_provenance_are_those_of_a_run(store: dn.StorageLayer) -> None:
    task = pipeline_a.Train(data=pipeline_a.numbers(up_to=3))
    assert build(task)
    manifest = store.manifest(dn.get_artifact_name(task))
    assert manifest.identity is not None
    assert [name for name, _ in manifest.document["inputs"]] == [dn.get_artifact_name(pipeline_a.numbers(up_to=3))]


def test_a_pipeline_of_functions_is_planned_and_run_by_datanectars_workers() -> None:
    task = pipeline_a.Gather(parts=[pipeline_a.Undecorated(x=1), pipeline_a.numbers()], named={})
    assert [step.status for step in dn.plan(task)] == ["run"] * 3
    assert dn.run(task, workers=2)[1] == [-1, [0, 1, 2]]


def test_nothing_of_luigi_is_imported_for_the_sake_of_the_package() -> None:
    done = python("-c", "import datanectar_luigi, sys; print('luigi' in sys.modules)")
    assert done.stdout == "False\n"
