"""``jupyter spark refactor``: shown, written, taken back."""

from __future__ import annotations


def test_a_rename_is_written_and_taken_back_byte_for_byte(user):
    user.answer("never asked")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    assert user.run("refactor", path, "rename df to orders").status == 0
    assert path.read_bytes() == before
    done = user.run("refactor", path, "rename df to orders", "--apply")
    assert done.status == 0, done.err
    assert b"print(orders)" in path.read_bytes()
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == before
    assert user.run("redo", path).status == 0
    assert b"print(orders)" in path.read_bytes()


def test_what_does_not_hold_is_not_written(user):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: use another name\n```"}
    user.answer(plan, "```python\nother = 1\n```")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    refused = user.run("refactor", path, "use another name", "--apply")
    assert refused.status == 3
    assert "'df' is used in cell 1" in refused.err
    assert path.read_bytes() == before
