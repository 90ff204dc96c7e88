"""Runs the edit tasks on a profile and counts those whose executed check passes.

``python -m evals.run [--profile local] [--half tune|test] [--only ID] [--compare-context] [--json FILE] [--show]``

Two figures for each half, from the same run: the first answer as it came, and what a user is offered after checking
and one repair. An edit whose checks do not hold is never applied unasked, so it counts as not passed.

``--compare-context`` also runs the tasks that rest on other cells, as a kernel would ask (the notebook's cells, and the
variables that they left) and with ``--no-context``; ``--group context`` runs these alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.sandbox import run_checks, take_variables
from evals.tasks import CONTEXT_DIR, TASKS_DIR, Task, load_tasks
from jupyter_spark.edits import ParsedAnswer, parser_for
from jupyter_spark.errors import SparkError
from jupyter_spark.filling import blanks_of
from jupyter_spark.prompts import render_prompt
from jupyter_spark.providers import Completed, Delta, Provider, ProviderEvent, ProviderRequest, open_provider
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile, load_settings
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import (
    CellSnapshot,
    ErrorReport,
    Message,
    NotebookSnapshot,
    TurnFailed,
    TurnFinished,
    TurnRequest,
    VariableSummary,
)

GROUPS = {"edits": TASKS_DIR, "context": CONTEXT_DIR}


@dataclass(frozen=True)
class Outcome:
    """One task's run. Times in seconds; ``first`` and ``final`` are the texts of the two answers."""

    task_id: str
    half: str
    first: str
    final: str
    format_ok: bool
    holds: bool
    repaired: bool
    seconds: float
    problem: str
    first_passed: bool = False
    final_passed: bool = False
    detail: str = ""
    group: str = "edits"
    with_context: bool = True


class RecordingProvider:
    """Passes a provider's answers through and keeps their raw text."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.profile = provider.profile
        self.answers: list[tuple[str, str]] = []

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._provider.model

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider.stream``."""
        parts: list[str] = []
        reason = ""
        async with aclosing(self._provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    parts.append(event.text)
                elif isinstance(event, Completed):
                    reason = event.reason
                yield event
        self.answers.append(("".join(parts), reason))

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Warm the provider."""
        await self._provider.warm(messages)

    async def aclose(self) -> None:
        """Let go of the provider."""
        await self._provider.aclose()


def request_for(
    task: Task, profile: Profile, *, with_context: bool = True, variables: Sequence[VariableSummary] = ()
) -> TurnRequest:
    """Make the request that the kernel would make for a task's cell, which has run all of the cells before."""
    above = tuple(
        CellSnapshot(cell_id=f"above-{number}", source=source, execution_count=number)
        for number, source in enumerate(task.cells_before, 1)
    )
    target = CellSnapshot(cell_id="target", source=task.cell, execution_count=len(above) + 1) if task.cell else None
    cells = above if target is None else (*above, target)
    name_message = task.error_summary
    error = (
        ErrorReport(name=name_message[0], message=name_message[1], traceback=task.error or "") if name_message else None
    )
    return build_request(
        task.kind,
        task.instruction,
        profile,
        NotebookSnapshot(cells=cells),
        target=target if task.kind != "generate" else None,
        error=error,
        variables=variables,
        live_names={variable.name for variable in variables},
        with_context=with_context,
    )


async def run_task(
    task: Task, provider: Provider, *, with_context: bool = True, variables: Sequence[VariableSummary] = ()
) -> Outcome:
    """Run one task's turn."""
    recording = RecordingProvider(provider)
    request = request_for(task, provider.profile, with_context=with_context, variables=variables)
    begun = time.monotonic()
    last = None
    async with aclosing(run_turn(request, recording)) as events:
        async for event in events:
            last = event
    seconds = time.monotonic() - begun
    proposal = last.proposal if isinstance(last, TurnFinished) else None
    first = _parse(request, provider.profile, recording.answers[0]) if recording.answers else None
    blanks = blanks_of(request) if provider.profile.small and provider.profile.prefill else ()
    if blanks and proposal is not None:  # no answer is a whole cell; what was put together of the first ones counts
        first = ParsedAnswer(proposal.edit.new_source, "", closed=True, blocks=1)
    return Outcome(
        task_id=task.id,
        half=task.half,
        first=(first.code or "") if first else "",
        final=proposal.edit.new_source if proposal else "",
        format_ok=first is not None and bool(first.code) and first.closed and first.blocks == 1,
        holds=proposal is not None and proposal.holds,
        repaired=len(recording.answers) > max(1, len(blanks)),
        seconds=seconds,
        problem=f"{last.message} {last.hint}" if isinstance(last, TurnFailed) else _findings(last),
        group="context" if task.context else "edits",
        with_context=with_context,
    )


def _parse(request: TurnRequest, profile: Profile, answer: tuple[str, str]) -> ParsedAnswer:
    prompt = render_prompt(request, small=profile.small, prefill=profile.prefill)
    parser = parser_for(request, prompt.fence if prompt.prefill else "")
    parser.feed(answer[0])
    stopped_at_fence = bool(prompt.stop) and answer[1] == "stop"
    return parser.finish(stopped_at_fence=stopped_at_fence, cut_off=answer[1] == "length")[1]


def _findings(last: object) -> str:
    proposal = last.proposal if isinstance(last, TurnFinished) else None
    return "; ".join(check.message for check in proposal.findings) if proposal else ""


async def run_all(tasks: Sequence[Task], profile: Profile, *, with_context: bool, show: bool) -> list[Outcome]:
    """Run tasks one after the other, telling each on stderr."""
    provider = open_provider(profile)
    outcomes = []
    rest_on_cells = [task for task in tasks if task.context]
    told = dict(zip(rest_on_cells, take_variables(rest_on_cells), strict=True))
    try:
        for task in tasks:
            run = run_task(task, provider, with_context=with_context, variables=told.get(task, ()))
            outcome = _scored(task, await run)
            outcomes.append(outcome)
            _tell(task, outcome, show=show)
    finally:
        await provider.aclose()
    return outcomes


def _scored(task: Task, outcome: Outcome) -> Outcome:
    checked = run_checks([(task, outcome.first), (task, outcome.final)])
    first, final = checked
    passed = final.passed and outcome.holds
    return Outcome(**{**asdict(outcome), "first_passed": first.passed, "final_passed": passed, "detail": final.detail})


def _tell(task: Task, outcome: Outcome, *, show: bool) -> None:
    mark = {(True, True): "pass", (True, False): "LOST", (False, True): "gain", (False, False): "fail"}
    state = mark[outcome.first_passed, outcome.final_passed]
    why = "" if outcome.final_passed else f" {outcome.problem or outcome.detail}"[:110]
    print(f"{state} {outcome.seconds:5.1f} s  {task.id}{why}", file=sys.stderr, flush=True)
    if show and state != "pass":
        print(f"--- {task.instruction}\n{task.cell}\n--- first\n{outcome.first}", file=sys.stderr)
        if outcome.repaired:
            print(f"--- final\n{outcome.final}", file=sys.stderr)


def report(outcomes: Sequence[Outcome], profile: str) -> str:
    """Return the table: pass@1 without and with check-and-repair, format failures, seconds."""
    rows = [f"{'half':<6} {'tasks':>5} {'first answer':>13} {'check+repair':>13} {'format fails':>13} {'median s':>9}"]
    for half in ("tune", "test", "all"):
        chosen = [o for o in outcomes if half in ("all", o.half)]
        if not chosen:
            continue
        count = len(chosen)
        first, final = sum(o.first_passed for o in chosen), sum(o.final_passed for o in chosen)
        broken = sum(not o.format_ok for o in chosen)
        seconds = statistics.median(o.seconds for o in chosen)
        shares = [f"{n:>3} {n / count:>8.1%}" for n in (first, final, broken)]
        rows.append(f"{half:<6} {count:>5} {shares[0]:>13} {shares[1]:>13} {shares[2]:>13} {seconds:>9.1f}")
    return f"profile {profile}\n" + "\n".join(rows)


def compare_context(outcomes: Sequence[Outcome]) -> str:
    """Return the pass rates of the tasks that rest on other cells: with context, and without."""
    rows = []
    for half in ("tune", "test", "all"):
        shares = []
        for with_context in (True, False):
            chosen = [o for o in outcomes if half in ("all", o.half) and o.with_context is with_context]
            passed = sum(o.final_passed for o in chosen)
            shares.append(f"{passed:>3} of {len(chosen):<3}{passed / len(chosen):>7.1%}" if chosen else "")
        if all(shares):
            rows.append(f"{half:<6} {shares[0]:>18} {shares[1]:>18}")
    return "\n".join([f"{'half':<6} {'with context':>18} {'--no-context':>18}", *rows])


def _runs(options: argparse.Namespace) -> list[tuple[str, bool]]:
    """Return what is to be run: groups, each with or without context."""
    runs = [] if options.group == "context" and options.compare_context else [(options.group, not options.no_context)]
    return [*runs, ("context", True), ("context", False)] if options.compare_context else runs


def main(argv: Sequence[str] | None = None) -> int:
    """Run the evaluation; exit status 1 if no turn could be run."""
    parser = argparse.ArgumentParser(prog="evals.run", description=__doc__)
    parser.add_argument("--profile", default="local")
    parser.add_argument("--half", choices=("tune", "test"), default=None)
    parser.add_argument("--group", choices=tuple(GROUPS), default="edits", help="context: on other cells")
    parser.add_argument("--only", action="append", default=[], metavar="ID")
    parser.add_argument("--no-context", action="store_true")
    parser.add_argument("--compare-context", action="store_true", help="the context group, with context and without")
    parser.add_argument("--show", action="store_true", help="print what did not pass")
    parser.add_argument("--json", type=Path, default=None, help="write every outcome to this file")
    options = parser.parse_args(argv)
    outcomes: list[Outcome] = []
    try:
        profile = load_settings().profile(options.profile)
        for group, with_context in _runs(options):
            tasks = load_tasks(options.half, directory=GROUPS[group])
            tasks = [task for task in tasks if not options.only or task.id in options.only]
            run = asyncio.run(run_all(tasks, profile, with_context=with_context, show=options.show))
            outcomes += run
            print(f"{group}{'' if with_context else ' --no-context'}, {report(run, options.profile)}\n", flush=True)
    except SparkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1), "utf-8")
    if options.compare_context:
        print(compare_context([o for o in outcomes if o.group == "context"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
