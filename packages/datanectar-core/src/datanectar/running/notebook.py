"""How a plan looks in a notebook: a table of its steps, in an order in which they can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datanectar.tasks.notebook import TABLE, cell

if TYPE_CHECKING:
    from datanectar.running.planning import Plan

_MOST_STEPS = 100
_MARKS = {"run": "▶", "cached": "✓", "blocked": "✗"}


def plan_html(plan: Plan) -> str:
    """Returns what each step is, what is to be done, why, and how long it took last time."""
    head = "".join(cell(title, quiet=True) for title in ("", "artifact", "why", "last time"))
    steps = list(plan)
    rows = []
    for step in steps[:_MOST_STEPS]:
        quiet = step.status == "cached"
        seconds = "" if step.seconds is None else f"{step.seconds:.1f} s"
        texts = (f"{_MARKS[step.status]} {step.status}", step.name, step.reason, seconds)
        rows.append("".join(cell(text, quiet=quiet, code=number == 1) for number, text in enumerate(texts)))
    if len(steps) > _MOST_STEPS:
        rows.append(cell("") + cell(f"… {len(steps) - _MOST_STEPS} more", quiet=True))
    body = "".join(f"<tr>{row}</tr>" for row in (head, *rows))
    counts = f"<caption style='text-align:left;color:inherit'>{plan.counts() or 'nothing to do'}</caption>"
    return f"{TABLE}{counts}{body}</table>"
