"""Refactors of real notebooks with answers that are right, wrong, partial and in the wrong order.

``python -m evals.refactor [--only TEXT] [--run]``

For each task the notebook that would be written is compared with the right one. A wrong or partial answer must be
mended, or caught by a check: never may the checks hold of a notebook that is not the right one. With ``--run``, answers
that hold by every check and do something else are given too: the verification must tell of each, and of no right one.
How many have the mark that their output may change is counted, and no reason to fail: it is a hint only.
Exit status 0 if all of that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.refactoring import NOTEBOOKS, Task, every_task, read
from evals.verify import PLANTS
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.providers import Completed, Delta, ProviderRequest, Started
from jupyter_spark.refactor import RefactorJob, proposed, run_refactor, verify_proposal
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message
from jupyter_spark.wire_refactor import RefactorFailed, RefactorFinished, RefactorProposal

WAYS = ("well", "wrong", "partly", "order", "sections")
PROFILE = Profile(name="script", models=("script",), context_tokens=400_000, max_output_tokens=32_000)
_TARGET = re.compile(r"The cell to work on, cell (\d+):")
_HEADING = re.compile(r"^### (?:new )?cell \S+$", re.M)
_REFUSAL = "I would rather not do that."


@dataclass(frozen=True)
class Ended:
    """What came of one way to answer: ``right``, ``caught`` (by which checks), or ``let through``."""

    verdict: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.verdict} ({self.why})" if self.why else self.verdict


class Answering:
    """An endpoint that answers a task's requests in one of the ways."""

    def __init__(self, task: Task, way: str) -> None:
        self.profile, self._task, self._way = PROFILE, task, way
        self._answers = task.wrong_answers if way == "wrong" else task.answers
        self._refused = next(iter(task.answers), None) if way == "partly" and not task.repairs else None

    @property
    def model(self) -> str:
        """The model's name."""
        return "script"

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
        """Answer."""
        words = request.messages[-1].content
        yield Started(self.model)
        for _ in range(self._wait(words)):
            await asyncio.sleep(0)
        answer = self._answer(words)
        for start in range(0, len(answer), 200):
            yield Delta(answer[start : start + 200])
        yield Completed("stop")

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Nothing is to be warmed."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def _answer(self, words: str) -> str:
        if "Plan this refactor" in words:
            return f"```\n{chr(10).join(self._plan())}\n```"
        if "all of them in this one answer" in words:
            return self._in_sections(words)
        if "After the refactor this does not hold" in words:
            return self._repair(words)
        step = next((step for step in self._answers if step in words), None)
        if step is None or step == self._refused:
            return _REFUSAL
        return _fenced(self._answers[step])

    def _plan(self) -> tuple[str, ...]:
        task = self._task
        plan = {"wrong": task.wrong_plan, "partly": task.forgetful}.get(self._way, task.plan)
        return plan[::-1] if self._way in ("order", "sections") else plan

    def _in_sections(self, words: str) -> str:
        heads = list(_HEADING.finditer(words))
        ends = [*(head.start() for head in heads[1:]), len(words)]
        parts = []
        for head, end in zip(heads, ends, strict=True):
            asked = words[head.end() : end]
            step = next((step for step in self._answers if step in asked), None)
            if step is not None and step != self._refused:
                parts.append(f"{head[0]}\n{_fenced(self._answers[step])}")
        return "\n".join(parts[::-1] if self._way == "sections" else parts)

    def _repair(self, words: str) -> str:
        """The right cell where it is known, unless this is the way that is wrong throughout."""
        target = _TARGET.search(words)
        index = int(target[1]) if target else -1
        if self._way != "wrong" and index in self._task.repairs:
            return _fenced(self._task.repairs[index])
        block = re.search(r"The cell to work on[^\n]*\n\n(`{3,})python\n(.*?)\n\1", words, re.S)
        return _fenced(block[2]) if block else _REFUSAL

    def _wait(self, words: str) -> int:
        """In the wrong order: what is asked first is answered last."""
        steps = list(self._answers)
        place = next((i for i, step in enumerate(steps) if step in words), 0)
        return 40 * (len(steps) - place) if self._way == "order" else 0


def _fenced(code: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", code)), default=0))
    return f"{fence}python\n{code}\n{fence}\n"


# --- one task --------------------------------------------------------------------------------------


async def carry_out(task: Task, way: str) -> RefactorProposal | RefactorFailed:
    """Run a task's refactor with an endpoint that answers in one way."""
    tokens = {"order": 0, "sections": 100_000}
    job = RefactorJob(task.cells, task.instruction, PROFILE, one_stream_tokens=tokens.get(way, 256))
    last = None
    async for event in run_refactor(job, Answering(task, way)):
        last = event
    assert isinstance(last, RefactorFinished | RefactorFailed), last
    return last.proposal if isinstance(last, RefactorFinished) else last


def judge(task: Task, ended: RefactorProposal | RefactorFailed) -> Ended:
    """Compare the notebook that would be written with the right one."""
    if isinstance(ended, RefactorFailed):
        return Ended("caught", ended.code)
    if not ended.holds:
        names: list[str] = [check.name for change in ended.changes for check in change.checks if not check.ok]
        names += [check.name for check in ended.checks if not check.ok]
        return Ended("caught", ", ".join(dict.fromkeys(names)))
    data = (NOTEBOOKS / f"{task.notebook}.ipynb").read_bytes()
    written = [(cell.kind, cell.source.rstrip()) for cell in snapshot(parse_notebook(proposed(data, ended))).cells]
    # An answer's last line end is none of its text.
    expected = [(kind, source.rstrip()) for kind, source in task.expected]
    return Ended("right" if written == expected else "LET THROUGH")


def ways_of(task: Task) -> list[str]:
    """The ways that mean something for a task: without a model's answers there is no part of them, nor an order."""
    partial = bool(task.answers)
    return [way for way in WAYS if way in ("well", "wrong") or (way == "partly" and partial) or len(task.answers) > 1]


def is_good(way: str, ended: Ended) -> bool:
    """Whether a task ended as it must."""
    mended_or_caught = ("caught", "right")
    return ended.verdict in {"wrong": mended_or_caught, "partly": mended_or_caught}.get(way, ("right",))


def main(argv: Sequence[str] | None = None) -> int:
    """Run every task in every way, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m evals.refactor", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", metavar="TEXT", default="", help="tasks with this in their name")
    parser.add_argument("--run", action="store_true", help="also run notebooks before and after")
    args = parser.parse_args(argv)
    tasks = [task for task in every_task() if args.only in task.name]
    counts: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    bad = 0
    begun_s = time.monotonic()
    for number, task in enumerate(tasks, start=1):
        print(f"{number:>3} {task.name}")
        for way in ways_of(task):
            proposal = asyncio.run(carry_out(task, way))
            ended = judge(task, proposal)
            if way == "well" and isinstance(proposal, RefactorProposal) and proposal.marks:
                marked[task.kind] += 1
            good = is_good(way, ended)
            bad += not good
            counts[f"{way}: {ended.verdict}"] += 1
            mistake = f" [{task.mistake}]" if way == "wrong" else ""
            print(f"      {'✓' if good else '✗'} {way:<9}{ended}{mistake}")
        sys.stdout.flush()
    print(
        f"\n{len(tasks)} tasks, {len({task.notebook for task in tasks})} notebooks, {time.monotonic() - begun_s:.0f} s"
    )
    for way in WAYS:
        print(
            f"  {way:<9}"
            + ", ".join(f"{n} {key.partition(': ')[2]}" for key, n in counts.items() if key.startswith(f"{way}:"))
        )
    print(f"wrong and let through, or right and refused: {bad}")
    whose = ", ".join(f"{number} of '{kind}'" for kind, number in marked.items())
    print(f"right, and marked that the output may change: {marked.total()}" + (f" ({whose})" if whose else ""))
    return int(bool(bad) or (args.run and not run_all(args.only)))


# --- answers that hold and do something else -------------------------------------------------------


def run_all(only: str = "") -> bool:
    """Verify one right refactor of each notebook that runs here, and each planted change as a wrong one."""
    print("\nrun before and after")
    runs: list[_Ran] = []
    for name in dict.fromkeys(plant.notebook for plant in PLANTS if only in plant.notebook):
        right = next(task for task in every_task() if task.notebook == name and "comment" in task.instruction)
        wrong = [_planted(p.notebook, p.cell, p.text, p.other, p.what) for p in PLANTS if p.notebook == name]
        for task, way in ((right, "well"), *((task, "wrong") for task in wrong)):
            runs.append(_ran(task, way))
            print(runs[-1])
            sys.stdout.flush()
    good, wrong_ones = sum(run.good for run in runs), [run for run in runs if run.way == "wrong"]
    print(f"told as what they are: {good} of {len(runs)}")
    marked = sum(run.marked for run in wrong_ones)
    print(f"something else, and marked before it was run: {marked} of {len(wrong_ones)}")
    return good == len(runs)


@dataclass(frozen=True)
class _Ran:
    """A refactor that was run: whether the verification told of it what it is, and whether it was marked before."""

    told: str
    way: str
    good: bool
    marked: bool

    def __str__(self) -> str:
        return f"  {'✓' if self.good else '✗'} {self.told}{' [marked]' if self.marked else ''}"


def _planted(name: str, index: int, text: str, other: str, what: str) -> Task:
    notebook = read(name)
    plan, answer = (f"edit cell {index}: tidy up (step {index})",), notebook.cells[index].source.replace(text, other)
    answers = {f"tidy up (step {index})": answer}
    return Task(name, "tidy up", notebook, plan, answers, (), what, plan, answers, plan)


def _ran(task: Task, way: str) -> _Ran:
    holds, proposal = way == "well", asyncio.run(carry_out(task, way))
    told = f"{task.notebook:<26} {task.mistake if way == 'wrong' else task.instruction}"
    if isinstance(proposal, RefactorFailed) or not proposal.holds:
        return _Ran(f"{told}: {judge(task, proposal)}, not run", way, not holds, marked=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{task.notebook}.ipynb"
        data = (NOTEBOOKS / path.name).read_bytes()
        report = asyncio.run(verify_proposal(data, proposal, path))
    counts = ", ".join(f"{number} {verdict}" for verdict, number in report.counts.items())
    told += f": {report.unverified or counts} ({report.elapsed_s:.0f} s)"
    good = report.holds == holds and not report.unverified
    return _Ran(told, way, good, marked=bool(proposal.marks))


if __name__ == "__main__":
    raise SystemExit(main())
