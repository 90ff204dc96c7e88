"""Who answers instead, at the command line; and the figures of a turn."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.paced import running_paced_server

Fenced = Callable[[str], str]
AWAY = "[profiles.away]\napi = 'chat'\nbase_url = 'http://127.0.0.1:9/v1'\nmodels = ['none']\nkey_required = false\n"


def settle(user, *, fallback: str = "['demo']") -> None:
    user.answer("```python\na = 2\n```\n")
    text = user.config.read_text()
    user.settings(text.replace("spark = 'demo'", f"spark = {{ profile = 'away', fallback = {fallback} }}") + AWAY)


def test_a_substitute_answers_and_that_is_told(user) -> None:
    settle(user)
    path = user.notebook("a = 1")
    done = user.run("rewrite", path, "--cell", "0", "make it two", "--apply")
    assert done.status == 0
    assert "No connection to 'away' at " in done.err
    assert "demo answers instead" in done.err
    assert "a = 2" in path.read_text()
    told = user.run("rewrite", path, "--cell", "0", "make it two", "--json")
    assert told.json["profile"] == "demo"
    assert "demo answers instead" in told.json["notices"][0]
    assert user.run("undo", path).status == 0


def test_a_profile_that_was_named_is_not_replaced(user) -> None:
    settle(user)
    path = user.notebook("a = 1")
    done = user.run("rewrite", path, "--cell", "0", "--profile", "away", "make it two")
    assert done.status == 1
    assert "No connection" in done.err_lines[-1]


def test_nobody_is_left(user) -> None:
    settle(user, fallback="['away2']")
    user.settings(user.config.read_text() + AWAY.replace("[profiles.away]", "[profiles.away2]"))
    done = user.run("ask", user.notebook("a = 1"), "why?")
    assert done.status == 1
    assert "'away2'" in done.err_lines[-1]


def test_status_names_them(user) -> None:
    settle(user)
    done = user.run("status")
    assert "else demo" in done.out
    assert user.run("status", "--json").json["tiers"]["spark"]["fallback"] == ["demo"]


def test_the_doctor_looks_at_them_too(user) -> None:
    settle(user)
    text = user.config.read_text().replace(
        "profile = 'away', fallback = ['demo']", "profile = 'demo', fallback = ['away']"
    )
    user.settings(text)
    done = user.run("doctor", "--tier", "spark", "--json")
    assert done.status == 1
    broken = [check["name"] for check in done.json["checks"] if check["state"] == "broken"]
    assert any(name.startswith("profile away") for name in broken)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_the_figures_of_a_turn(user, api: str) -> None:
    answer = "```python\na = 2\n```\n"
    with running_paced_server(answer=answer, rate_tok_s=200.0, cached_tokens=7, fault="reasoning") as paced:
        user.settings(
            f"[tiers]\nspark = 'mine'\n[profiles.mine]\napi = '{api}'\nbase_url = '{paced.base_url}'\n"
            "models = ['quick']\nkey_required = false\nprices = { input = 1.0, output = 1000.0 }\n"
        )
        path = user.notebook("a = 1")
        done = user.run("rewrite", path, "--cell", "0", "make it two")
        told = user.run("rewrite", path, "--cell", "0", "make it two", "--json").json["figures"]
    usage = told["usage"]
    assert usage["cached_tokens"] == 7
    assert usage["reasoning_tokens"] > 0
    shown = usage["output_tokens"] - usage["reasoning_tokens"]
    assert shown == -(-len(answer) // 4)  # as the endpoint counts; the pieces that came are fewer or more
    assert told["tokens_per_s"] <= shown / (told["total_s"] - told["first_token_s"]) * 1.5
    assert told["cost_usd"] == pytest.approx((usage["input_tokens"] + usage["output_tokens"] * 1000) / 1e6)
    assert (told["queue_s"], told["endpoint_tokens_per_s"]) == (None, None)
    for part in ("first token ", "tok/s", f"7 of {usage['input_tokens']} tokens cached", "tokens of reasoning", "$"):
        assert part in done.err_lines[-1]
    assert "tokens of reasoning" in user.run("status").out
    json.dumps(told)
