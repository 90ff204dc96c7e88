"""``ask`` and ``explain``: words on stdout, everything else on stderr."""

from __future__ import annotations


def test_the_answer_is_all_that_stands_on_stdout(user) -> None:
    path = user.notebook("rate = 0.2")
    user.answer({"when": "what is rate", "answer": "It is **0.2**.\nSee cell 0."})
    done = user.run("ask", path, "what", "is", "rate")
    assert (done.status, done.out) == (0, "It is **0.2**.\nSee cell 0.\n")
    assert len(done.err_lines) == 1
    assert done.err.startswith("✓ spark · script.jsonl · first token ")


def test_json_holds_the_whole_answer(user) -> None:
    path = user.notebook("rate = 0.2")
    user.answer("It is 0.2: é \x1b[31m")
    done = user.run("ask", path, "what is rate", "--json")
    assert (done.status, done.err) == (0, "")
    assert done.json["text"] == "It is 0.2: é \x1b[31m"
    assert done.json["kind"] == "ask"


def test_a_cell_is_explained_with_or_without_words(user) -> None:
    path = user.notebook("rate = 0.2", "rate * 2")
    user.answer({"when": "for a child", "answer": "Simple."}, {"when": "rate * 2", "answer": "It doubles."})
    assert user.run("explain", path, "--cell", "1").out == "It doubles.\n"
    assert user.run("explain", path, "--cell", "1", "for a child").out == "Simple.\n"


def test_the_deep_tier_and_a_named_profile_answer_when_asked(user) -> None:
    path = user.notebook("rate = 0.2")
    for name in ("fast", "slow", "other"):
        (user.home / f"{name}.jsonl").write_text(f'{{"answer": "{name}"}}')
    rows = (f"[profiles.{name}]\napi = 'scripted'\nscript = '{name}.jsonl'" for name in ("fast", "slow", "other"))
    user.settings("[tiers]\nspark = 'fast'\ndeep = 'slow'\n" + "\n".join(rows))
    assert user.run("ask", path, "who").out == "fast\n"
    assert user.run("ask", path, "who", "--tier", "deep").out == "slow\n"
    done = user.run("ask", path, "who", "--profile", "other", "--json").json
    assert (done["text"], done["profile"]) == ("other", "other")


def test_a_settings_file_may_be_named(user) -> None:
    path = user.notebook("rate = 0.2")
    user.answer("from the usual file")
    (user.home / "s.jsonl").write_text('{"answer": "from another"}')
    other = user.home / "other.toml"
    other.write_text("[tiers]\nspark = 'mine'\n[profiles.mine]\napi = 'scripted'\nscript = 's.jsonl'\n")
    assert user.run("ask", path, "who", "--config", other).out == "from another\n"
