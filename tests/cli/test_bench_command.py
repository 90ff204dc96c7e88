"""``bench``: cold and warm turns on a real connection, as a table and as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from jupyter_spark.cli.bench import QUANTITIES, Runs, percentile
from jupyter_spark.wire import TurnFigures, Usage
from tests.paced import Fault, PacedServer, code_answer, running_paced_server


@pytest.fixture
def paced() -> Iterator[PacedServer]:
    with running_paced_server(answer=code_answer(40), rate_tok_s=400.0) as server:
        yield server


@pytest.fixture
def settled(user, paced: PacedServer) -> PacedServer:
    """The endpoint, filling the spark tier."""
    user.settings(
        f"[tiers]\nspark = 'mine'\n[profiles.mine]\napi = 'chat'\nbase_url = '{paced.base_url}'\n"
        "models = ['quick']\nkey_required = false\n"
    )
    return paced


def test_as_json(user, settled: PacedServer) -> None:
    done = user.run("bench", "-n", "8", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.json
    assert (told["profile"], told["model"], told["tier"]) == ("mine", "quick", "spark")
    assert (told["cold"]["turns"], told["warm"]["turns"]) == (2, 8)
    assert len(settled.records) == 11  # 2 cold, 1 that warms, 8 warm
    assert settled.connections_opened == 3  # one for each cold turn, one for all that are warm
    for kind in ("cold", "warm"):
        summary = told[kind]
        assert summary["failed"] == 0
        for name in ("first_token_s", "total_s", "tokens_per_s"):
            assert 0 < summary[name]["p50"] <= summary[name]["p95"]
        assert summary["first_token_s"]["p50"] < summary["total_s"]["p50"]
        assert summary["queue_s"] is None  # this endpoint does not tell it
        assert summary["output_tokens"] == 40 * summary["turns"]  # the endpoint's own count
        assert summary["cost_usd"] is None


def test_as_a_table(user, settled: PacedServer) -> None:
    done = user.run("bench", "-n", "4")
    assert done.status == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == ["", "COLD P50", "COLD P95", "WARM P50", "WARM P95"]
    assert [row[0] for row in rows[1:]] == [*QUANTITIES.values(), "measured"]
    first = rows[1]
    assert all(cell.endswith(" ms") for cell in first[1:])
    assert rows[4][1:] == ["not told"] * 4
    assert rows[-1][1::2] == ["1 turns", "4 turns"]
    assert "mine → quick" in done.err


def test_a_named_profile(user, settled: PacedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", settled.base_url)
    assert user.run("bench", "--profile", "ollama", "-n", "1", "--json").json["profile"] == "ollama"


def test_an_endpoint_that_is_down_is_asked_once(user, settled: PacedServer) -> None:
    settled.require_key = "another"
    done = user.run("bench", "-n", "20")
    assert (done.status, done.out) == (1, "")
    assert done.err_lines[-1].startswith("error: Profile 'mine' refuses the key")
    assert len(settled.records) == 1


def test_turns_that_fail_are_counted_and_told(user, settled: PacedServer) -> None:
    asked = iter(range(100))

    def answer(body: object) -> str:
        if next(asked) == 3:
            settled.fault = Fault("http_401", times=2)  # strikes the next two requests
        return code_answer(40)

    settled.answer = answer
    done = user.run("bench", "-n", "5", "--json")
    assert done.status == 0
    assert (done.json["warm"]["turns"], done.json["warm"]["failed"]) == (3, 2)
    settled.fault, asked = None, iter(range(100))
    told = user.run("bench", "-n", "5")
    assert "note: a turn failed: Profile 'mine' refuses the key" in told.err
    assert told.out.splitlines()[-1].split("\t")[-1] == "2 failed"


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_how_many(user, number: str) -> None:
    done = user.run("bench", "-n", number)
    assert done.status == 2
    assert done.out == ""


def test_the_percentiles() -> None:
    values = [float(value) for value in range(1, 102)]
    assert (percentile(values, 50), percentile(values, 95)) == (51.0, 96.0)
    assert percentile([2.0], 95) == 2.0


def test_what_is_not_known_is_not_made_up() -> None:
    used = Usage(input_tokens=10, output_tokens=30, cached_tokens=4, reasoning_tokens=20)
    runs = Runs([TurnFigures(total_s=1.0), TurnFigures(total_s=3.0, queue_s=0.5, usage=used, cost_usd=0.25)])
    summary = runs.summary()
    assert summary["first_token_s"] is None
    assert summary["total_s"] == {"p50": 2.0, "p95": pytest.approx(2.9)}
    assert summary["queue_s"] == {"p50": 0.5, "p95": 0.5}
    assert (summary["output_tokens"], summary["reasoning_tokens"], summary["cached_tokens"]) == (30, 20, 4)
    assert summary["cost_usd"] == 0.25


def test_ctrl_c_stops_it(user, settled: PacedServer) -> None:
    import signal

    from tests.paced import wait_until

    settled.rate_tok_s = 5.0
    with user.start("bench", "-n", "20") as process:
        wait_until(lambda: settled.records and settled.records[0].sent_tokens > 1, 30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("error: Stopped.")
    wait_until(lambda: settled.records[0].closed_at_s is not None)
    assert os.environ["HOME"] not in err
