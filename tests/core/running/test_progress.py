import io

import datanectar as dn
from datanectar.contracts.orchestration import Outcome
from datanectar.running.planning import make_plan
from datanectar.running.progress import Lines


@dn.task
def numbers(n: int) -> int:
    return n


def test_lines_count_steps(memory) -> None:
    dn.run(numbers(1))
    stream = io.StringIO()
    lines = Lines(stream)
    first, second = numbers(2).name, numbers(3).name
    plan = make_plan([numbers(1), numbers(2), numbers(3)])
    lines.planned(plan)
    lines.started(plan.steps[first])
    lines.started(plan.steps[second])
    lines.finished(Outcome(first, "done", 1.25))
    lines.finished(Outcome(second, "failed", 0.0))
    assert stream.getvalue().splitlines() == [
        "2 steps to run, 1 stored already",
        f"[1/2] start   {first}",
        f"[2/2] start   {second}",
        f"[1/2] done    {first}  1.2 s",
        f"[2/2] FAILED  {second}  0.0 s",
    ]


def test_a_damaged_input_is_told_and_not_counted(memory) -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.planned(make_plan([numbers(2)]))
    lines.finished(Outcome(numbers(2).name, "damaged", damaged=("x",)))
    lines.planned(make_plan([numbers(2)]))
    assert stream.getvalue().splitlines() == [
        "1 step to run, 0 stored already",
        f"[0/1] waits   {numbers(2).name}  an input is damaged and is made anew first",
        "1 step to run, 0 stored already",
    ]
