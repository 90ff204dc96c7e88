"""The process that runs checks: jobs come as JSON on stdin, outcomes go as JSON to stdout.

It is started by path and isolated (``python -I``), so it imports nothing of this project. Each job gets a forked
child in an empty folder: importing pandas once for all makes a check cost milliseconds. Without fork there is one job
for each process.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import io
import json
import math
import os
import select
import signal
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable
from typing import Any

MEMORY_BYTES = 4 * 2**30
FILE_BYTES = 64 * 2**20
DETAIL_CHARS = 600
_REFUSED = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
    "os.system", "os.exec", "os.posix_spawn", "os.startfile", "os.kill", "os.killpg", "webbrowser.open",
)  # fmt: skip
_CHANGES_FILES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "os.link", "os.symlink")
_HOMES = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "IPYTHONDIR", "MPLCONFIGDIR")
_FUTURE = __future__.annotations.compiler_flag  # the one that a cell can still ask for
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Job = dict[str, Any]
Outcome = dict[str, Any]


def main() -> None:
    """Run the jobs that stdin holds."""
    request = json.load(sys.stdin)
    jobs, timeout_s = request["jobs"], request["timeout_s"]
    text = json.dumps([{**job, "reader": ""} for job in jobs])
    for module in ("numpy", "pandas"):
        if module in text:
            __import__(module)
    run = run_forked if hasattr(os, "fork") else run_here
    json.dump([run(job, timeout_s) for job in jobs], sys.stdout)


def run_here(job: Job, timeout_s: float) -> Outcome:
    """Run a job in this process; whoever started it keeps the time."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        sys.addaudithook(_make_guard(os.path.realpath(folder)))
        try:
            return _execute(job)
        finally:
            os.chdir(tempfile.gettempdir())


def run_forked(job: Job, timeout_s: float) -> Outcome:
    """Run a job in a child; one that dies, hangs or says nothing has failed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _be_the_child(job, folder, writer, timeout_s)
        os.close(writer)
        answer = _read_until(reader, time.monotonic() + timeout_s)
        os.close(reader)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if answer is None:
        return {"passed": False, "detail": f"took longer than {timeout_s:g} s"}
    if not answer:
        return {"passed": False, "detail": f"ended the process (status {os.waitstatus_to_exitcode(status)})"}
    outcome: Outcome = json.loads(answer)
    return outcome


def _read_until(reader: int, deadline: float) -> bytes | None:
    answer = b""
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = os.read(reader, 65536)
        if not piece:
            return answer
        answer += piece
    return None


def _be_the_child(job: Job, folder: str, writer: int, timeout_s: float) -> None:
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        tempfile.tempdir = folder
        os.environ.update(dict.fromkeys(_HOMES, folder))
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        _set_limits(timeout_s)
        sys.addaudithook(_make_guard(os.path.realpath(folder)))
        os.write(writer, json.dumps(_execute(job)).encode())
    finally:
        os._exit(0)


def _set_limits(timeout_s: float) -> None:
    import resource

    cpu_s = math.ceil(timeout_s) + 1
    limits = {"RLIMIT_AS": MEMORY_BYTES, "RLIMIT_FSIZE": FILE_BYTES, "RLIMIT_CPU": cpu_s, "RLIMIT_CORE": 0}
    for name, value in limits.items():
        # macOS knows these limits but does not let all of them be set.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _make_guard(folder: str) -> Callable[[str, tuple[Any, ...]], None]:
    def is_inside(path: object) -> bool:
        if not isinstance(path, (str, bytes)):  # a descriptor that is already open
            return True
        real = os.path.realpath(os.fsdecode(path))
        return real == os.devnull or real == folder or real.startswith(folder + os.sep)

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event in _REFUSED:
            raise PermissionError(f"{event} is refused in a check")
        if event == "open":
            written = isinstance(args[2], int) and args[2] & _WRITES
            paths = args[:1] if written else ()
        else:
            paths = args[:2] if event in _CHANGES_FILES else ()
        if not all(map(is_inside, paths)):
            raise PermissionError(f"writing outside of the working folder is refused in a check: {paths[0]}")

    return guard


def _execute(job: Job) -> Outcome:
    """Run the parts in one fresh namespace, which is the module ``__main__`` as in a kernel."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = module.__dict__
    part = "setup"
    try:
        future = 0
        for cell in job["before"]:
            future |= _run(cell, "setup", namespace, future)
        if "reader" in job:
            return {"passed": True, "detail": "", "variables": _read_variables(job, namespace)}
        part = "cell"
        seen = _run_cell(job["source"], namespace, future)
        part = "check"
        namespace.update(seen)
        _run(job["check"], "check", namespace)
    except BaseException as error:  # noqa: BLE001  (SystemExit and KeyboardInterrupt are failures of the answer too)
        return {"passed": False, "detail": f"{part}: {_describe(error, job)}"[:DETAIL_CHARS]}
    return {"passed": True, "detail": ""}


def _read_variables(job: Job, namespace: dict[str, Any]) -> list[Any]:
    """Read them with the kernel's own reader, which comes as text."""
    reader = types.ModuleType("reader")
    sys.modules["reader"] = reader
    exec(compile(job["reader"], "<reader>", "exec", dont_inherit=True), reader.__dict__)
    rows: list[Any] = reader.__dict__["take_snapshot"](namespace, first=job["first"]).rows
    return rows


def _run(code: str, name: str, namespace: dict[str, Any], future: int = 0) -> int:
    """Run code; return the ``from __future__`` flags that hold from now on, as they do in a notebook."""
    compiled: types.CodeType = compile(code, f"<{name}>", "exec", flags=future, dont_inherit=True)
    exec(compiled, namespace)
    return compiled.co_flags & _FUTURE


def _run_cell(source: str, namespace: dict[str, Any], future: int) -> dict[str, Any]:
    code = source
    try:
        ast.parse(source)
    except SyntaxError:
        code = _from_ipython(source, namespace)
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    result = None
    with contextlib.redirect_stdout(io.StringIO()) as output:
        body = tree.body[:-1] if isinstance(last, ast.Expr) else tree.body
        exec(compile(ast.Module(body, []), "<cell>", "exec", flags=future, dont_inherit=True), namespace)
        if isinstance(last, ast.Expr):
            value = ast.Expression(last.value)
            result = eval(compile(value, "<cell>", "eval", flags=future, dont_inherit=True), namespace)
    return {
        "SOURCE": source, "TREE": tree, "NAMES": _find_names(tree), "OUTPUT": output.getvalue(), "RESULT": result,
        "ast": ast, "printed": _printed, "raises": _raises,
    }  # fmt: skip


def _from_ipython(source: str, namespace: dict[str, Any]) -> str:
    """Turn magics into Python. It is done only where plain Python fails: importing IPython takes half a second."""
    from IPython.core.inputtransformer2 import TransformerManager

    code = str(TransformerManager().transform_cell(source))
    if "get_ipython()" in code:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config({"HistoryManager": {"enabled": False}})
        namespace["get_ipython"] = InteractiveShell.instance(config=config, user_ns=namespace).get_ipython
    return code


def _find_names(tree: ast.AST) -> set[str]:
    fields = ("id", "arg", "name", "attr")
    return {getattr(node, field) for node in ast.walk(tree) for field in fields if hasattr(node, field)}


def _printed(function: Callable[..., object], *args: object, **kwargs: object) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        function(*args, **kwargs)
    return output.getvalue()


def _raises(error: type[BaseException], function: Callable[..., object], *args: object, **kwargs: object) -> bool:
    try:
        function(*args, **kwargs)
    except error:
        return True
    return False


def _describe(error: BaseException, job: Job) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<check>"]
    where = ""
    if lines and lines[-1]:
        where = f" (line {lines[-1]}: {job['check'].splitlines()[lines[-1] - 1].strip()})"
    return f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ") + where


if __name__ == "__main__":
    main()
