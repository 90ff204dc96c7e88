"""Server-sent events: the same data however the network cuts the bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_spark.providers._sse import SseDecoder


def decode(*chunks: bytes) -> list[bytes]:
    decoder = SseDecoder()
    return [data for chunk in chunks for data in decoder.feed(chunk)] + decoder.flush()


fields = st.sampled_from(
    ["data: x", "data:y", "data:", "data: ", "data:  z", "data", "event: e", "id: 1", ": ping", "", "", "dat", "☃🎉"]
)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])
streams = st.builds(
    lambda rows, last: ("".join(line + end for line, end in rows) + last).encode(),
    st.lists(st.tuples(fields, line_ends), max_size=20),
    st.sampled_from(["", "data: last", "\r", "data: last\r"]),
)


@settings(max_examples=400, deadline=None)
@given(streams, st.lists(st.integers(0, 300), max_size=30))
@example(b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", list(range(40)))
@example("data: ☃\n\n".encode(), list(range(20)))
def test_cuts_do_not_matter(stream: bytes, places: list[int]) -> None:
    marks = sorted({place % (len(stream) + 1) for place in places} | {0, len(stream)})
    assert decode(*(stream[start:end] for start, end in itertools.pairwise(marks))) == decode(stream)


payloads = st.lists(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(payloads, line_ends, st.sampled_from(["data: ", "event: e\ndata: ", ": ping\n\ndata: "]))
def test_what_was_sent_comes_back(texts: list[str], end: str, head: str) -> None:
    stream = "".join(f"{head}{text}\n\n".replace("\n", end) for text in texts)
    assert decode(stream.encode()) == [text.encode() for text in texts]


def test_an_event_comes_out_when_it_is_complete() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: one\n") == []
    assert decoder.feed(b"\ndata: tw") == [b"one"]
    assert decoder.feed(b"o\n\ndata: three\n\n") == [b"two", b"three"]
    assert decoder.feed(b"data: four") == []
    assert decoder.flush() == [b"four"]
    assert decoder.flush() == []


def test_half_a_line_end_waits() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\n\r") == []
    assert decoder.feed(b"\ndata: b\r\n") == [b"a"]
    assert decoder.feed(b"\r\n") == [b"b"]


@pytest.mark.parametrize(
    ("stream", "datas"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data:a\n\ndata:  b\n\n", [b"a", b" b"]),
        (b"data: \n\n", [b""]),
        (b"event: e\nid: 1\nretry: 5\n: ping\n\n", []),
        (b"event: e\ndata: a\n\n: ping\n\ndata: b\n\n", [b"a", b"b"]),
        (b"<html>502</html>\n\ndatax: a\n\n", []),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\n\n", [b"a", b"b"]),
    ],
)
def test_fields(stream: bytes, datas: list[bytes]) -> None:
    assert decode(stream) == datas
