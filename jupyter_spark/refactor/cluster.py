"""The work on many notebooks, done by the workers of a Dask cluster.

What is sent to a worker is one text, the notebook with what is asked of it, and what comes back is one text: a worker
that dies takes nothing with it, and Dask gives its notebooks to another. No key is sent: a worker asks with the keys of
its own environment. What is written and remembered stays on the user's machine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import uuid
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_spark._version import __version__
from jupyter_spark.errors import ConfigError, SparkError, TurnStopped
from jupyter_spark.refactor._work import NotebookWork, WorkDone, do_work
from jupyter_spark.settings import Profile, load_settings

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

Outcome = WorkDone | SparkError

_CONNECT_S, _GRACE_S = 10, 1
# How often work that raised is done again; a worker that died is the scheduler's to count (its allowed-failures).
_RETRIES = 2
_LEAST_SENT = 32  # so many notebooks wait at the cluster, however small it is now: it may grow by what waits
_LOOK_S = 0.5
_ASK_VERSION = "__import__('jupyter_spark').__version__"


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to a cluster whose workers can do the work.

    Raises
    ------
    ConfigError
        ``distributed`` is not installed (code ``no_distributed``), nobody answers there (``no_cluster``), or a worker
        has no jupyter_spark (``worker_without``) or another version of it or of ``distributed`` (``versions_differ``).
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ConfigError(
            "distributed is not installed, so no cluster can be asked.",
            "Install it: pip install 'jupyter-spark-ai[cluster]'",
            code="no_distributed",
        ) from None
    _silence()
    client = _connect(address)
    try:
        _require_alike(client)
        yield client
    finally:
        with suppress(Exception):  # it may be gone already
            client.close(timeout=_CONNECT_S)


def _silence() -> None:
    """Let Dask not write into the user's terminal: what it has to say of a lost connection is told in one line."""
    for name in list(logging.root.manager.loggerDict):  # each has a level and a handler of its own
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _connect(address: str) -> Client:
    from distributed import Client

    made: list[Client | Exception] = []

    def make() -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made.append(Client(address, timeout=_CONNECT_S, set_as_default=False, name="jupyter-spark"))
        except Exception as error:  # noqa: BLE001 - of whatever kind: there is no cluster
            made.append(error)

    # In a thread, as it waits for ever for a server that takes the connection and is no scheduler.
    making = Thread(target=make, daemon=True, name="connecting-to-dask")
    making.start()
    making.join(_CONNECT_S + _GRACE_S)
    if made and not isinstance(made[0], Exception):
        return made[0]
    why = f" ({first})" if made and (first := str(made[0]).partition("\n")[0].rstrip(".")) else ""
    raise ConfigError(
        f"No Dask scheduler answers at '{address}' within {_CONNECT_S} s{why}.",
        "See that it runs, and that its address is like tcp://HOST:8786.",
        code="no_cluster",
    )


def work_on_cluster(client: Client, works: Iterable[tuple[int, NotebookWork]]) -> Iterator[tuple[int, Outcome]]:
    """Do works on a cluster's workers, and yield what came of each by its number, as it is done.

    The next one is taken when there is room for it. Whoever closes this generator, interrupts it, or ends its process
    cancels what is not done.

    Raises
    ------
    TurnStopped
        The user stopped it.
    """
    from distributed import as_completed

    run, waiting = uuid.uuid4().hex[:8], iter(works)
    numbers: dict[Any, int] = {}
    futures = as_completed(loop=client.loop, raise_errors=False)

    def send() -> None:
        room = _room(client)
        while len(numbers) < room and (one := next(waiting, None)) is not None:
            number, work = one
            key = f"jupyter-spark-{run}-{number}"
            future = client.submit(done_there, work_as_text(work), key=key, retries=_RETRIES, pure=False)
            numbers[future] = number
            futures.add(future)

    try:
        send()
        for future in futures:
            yield numbers.pop(future), _outcome(future)
            send()
        for number, _ in waiting:  # nobody is left to do them
            yield number, _lost()
    except KeyboardInterrupt:
        raise TurnStopped("Stopped.", "What was written before stays written.") from None
    finally:
        with suppress(Exception):  # it may be gone already
            client.cancel(list(numbers))


def _room(client: Client) -> int:
    """How many notebooks may be at the cluster; none if it is gone."""
    if client.status != "running":
        return 0
    with suppress(OSError, TimeoutError):
        return max(2 * sum(int(threads) for threads in client.nthreads().values()), _LEAST_SENT)
    return 0


def _lost() -> SparkError:
    return SparkError("The cluster is gone, or somebody cancelled the work.", "Run it again.", code="cluster_lost")


def _outcome(future: Future) -> Outcome:
    from distributed import CancelledError, KilledWorker

    try:
        told = json.loads(future.result())
    except KilledWorker as error:
        deaths = error.allowed_failures + 1
        return SparkError(f"{deaths} workers died at it, one after the other.", "See their logs.", code="worker_died")
    except CancelledError:
        return _lost()
    except Exception as error:  # noqa: BLE001 - what a worker raises is this notebook's, and stops no other
        said = str(error).partition("\n")[0]
        return SparkError(f"A worker failed: {type(error).__name__}: {said}", "See its log.", code="worker_failed")
    if why := told.get("error"):
        return SparkError(why["message"], why["hint"], code=why["code"])
    return WorkDone.model_validate(told["done"])


def _require_alike(client: Client) -> None:
    """Every worker that is there has this version of jupyter_spark and of distributed; one that comes later is told."""
    versions = client.get_versions()
    here = versions["client"]["packages"]["distributed"]
    others = {"The scheduler": versions["scheduler"], **{f"Worker {k}": v for k, v in versions["workers"].items()}}
    for name, told in others.items():
        if (there := told["packages"]["distributed"]) != here:
            raise _differ(name, "distributed", there, here)
    # By its name, so that it needs nothing there.
    for worker, found in client.run(eval, _ASK_VERSION, on_error="return").items():
        if isinstance(found, ImportError):
            hint = f"Install it there: pip install jupyter-spark-ai=={__version__}"
            raise ConfigError(f"Worker {worker} has no jupyter_spark ({found}).", hint, code="worker_without")
        if found != __version__:
            raise _differ(f"Worker {worker}", "jupyter_spark", found, __version__)


def _differ(who: str, package: str, there: object, here: str) -> ConfigError:
    message = f"{who} has {package} {there}, and here it is {here}."
    return ConfigError(message, "Install the same on both sides.", code="versions_differ")


# --- what is sent ----------------------------------------------------------------------------------


def work_as_text(work: NotebookWork) -> str:
    """Return what a worker is sent: all of a work but what gives access.

    Headers are left out, as they may hold a key; an address is sent as it is here.

    Raises
    ------
    ConfigError
        The address holds a password (code ``password_in_address``).
    """
    return work.model_copy(update={"profile": _without_access(work.profile)}).model_dump_json()


def _without_access(profile: Profile) -> Profile:
    address = profile.endpoint(os.environ) if profile.api in ("responses", "chat") else profile.base_url
    if address and "@" in urlsplit(address).netloc:
        raise ConfigError(
            f"The address of profile '{profile.name}' holds a password, which is not sent to a cluster.",
            f"Let the key be in a variable of the workers: key_env in [profiles.{profile.name}].",
            code="password_in_address",
        )
    return profile.model_copy(update={"headers": {}, "base_url": address})


# --- on a worker -----------------------------------------------------------------------------------


def done_there(text: str) -> str:
    """Do a work on a worker: a pure function of texts. An error that would come again is an answer too.

    Parameters
    ----------
    text : str
        What ``work_as_text`` wrote.

    Returns
    -------
    str
        JSON: ``done``, a ``WorkDone``, or ``error`` with its code, message and hint.
    """
    from distributed import get_worker

    work = NotebookWork.model_validate_json(text)
    worker = get_worker()
    try:
        profile = _with_access(work.profile)
        _require_folder(work)
        done = asyncio.run(_while_wanted(worker, work.model_copy(update={"profile": profile})))
    except SparkError as error:
        return json.dumps({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
    return json.dumps({"done": done.model_dump(mode="json", round_trip=True)})


def _with_access(profile: Profile) -> Profile:
    """The profile with the headers of this machine's own settings, if they know it."""
    own = load_settings().profiles.get(profile.name)
    return profile.model_copy(update={"headers": own.headers}) if own is not None else profile


def _require_folder(work: NotebookWork) -> None:
    """To be run, a notebook needs the files beside it."""
    if work.verify != "run":
        return
    try:
        same = Path(work.path).read_bytes() == work.data
    except OSError:
        same = False
    if not same:
        raise SparkError(
            f"The worker on {socket.gethostname()} does not see {work.path} as it is here, so it cannot run it.",
            "Let the workers have its folder under the same path, or verify without running: --verify static.",
            code="not_seen",
        )


async def _while_wanted(worker: Worker, work: NotebookWork) -> WorkDone:
    """Do it as long as somebody wants it: cancelled, it lets go of the endpoint and ends what it runs."""
    key = worker.get_current_task()
    doing = asyncio.ensure_future(do_work(work))
    while not doing.done():
        await asyncio.wait([doing], timeout=_LOOK_S)
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status.name in ("closing", "closed", "failed"):
            doing.cancel()
    if doing.cancelled():
        raise TurnStopped("Nobody wants it any more.")
    return doing.result()
