"""The parts of a multipart body: everything before a fault is given, and no input does worse than be a fault."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.receive.multipart import Broken, Part, boundary_of, parts

BOUNDARY = "b0a4"


def body(*told: tuple[str, bytes], end: bytes = b"--\r\n") -> bytes:
    whole = b""
    for name, content in told:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n'
        whole += head.encode() + b"Content-Type: text/plain; length=9\r\n\r\n" + content + b"\r\n"
    return whole + f"--{BOUNDARY}".encode() + end


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('multipart/form-data; charset=utf-8; BOUNDARY="a b"', "a b"),
        ("multipart/form-data", ""),
        ("application/json", ""),
    ],
)
def test_the_boundary_stands_in_the_header(header: str, boundary: str) -> None:
    assert boundary_of(header) == boundary


def test_parts_have_name_type_and_bytes() -> None:
    told = body(("post.1", b'{"a": 1}'), ("attachment.1.raw", b"\r\n--b0a\r\n\x00"), ("empty", b""))
    assert list(parts(told, BOUNDARY)) == [
        Part("post.1", "text/plain; length=9", b'{"a": 1}'),
        Part("attachment.1.raw", "text/plain; length=9", b"\r\n--b0a\r\n\x00"),
        Part("empty", "text/plain; length=9", b""),
    ]


def test_what_stands_before_the_first_part_is_passed_over() -> None:
    assert [part.name for part in parts(b"a preamble\r\n" + body(("x", b"1")), BOUNDARY)] == ["x"]


def test_a_part_without_a_head_is_a_part_without_a_name() -> None:
    told = f"--{BOUNDARY}\r\n\r\nplain\r\n--{BOUNDARY}\r\n--{BOUNDARY}--".encode()
    assert list(parts(told, BOUNDARY)) == [Part("", "", b"plain"), Part("", "", b"")]


def test_a_body_that_is_cut_gives_what_is_whole_and_says_where_it_broke() -> None:
    told = body(("x", b"1"), ("y", b"2"))
    cut = told[: told.rindex(b"2") + 1]
    given_parts = parts(cut, BOUNDARY)
    assert next(given_parts).name == "x"
    with pytest.raises(Broken) as broken:
        next(given_parts)
    assert cut[broken.value.start :].startswith(b"Content-Disposition")


@given(st.lists(st.tuples(st.from_regex(r"[a-z.]{1,9}", fullmatch=True), st.binary(max_size=60))))
def test_what_was_put_together_comes_apart_again(told: list[tuple[str, bytes]]) -> None:
    told = [(name, content) for name, content in told if b"--b0a4" not in content]
    assert [(part.name, part.body) for part in parts(body(*told), BOUNDARY)] == told


@given(st.lists(st.sampled_from([b"--b0a4", b"\r\n", b"--", b"x", b"Content-Disposition: form-data; name=", b'"y"'])))
def test_no_bytes_do_worse_than_break(pieces: list[bytes]) -> None:
    with contextlib.suppress(Broken):
        list(parts(b"".join(pieces), BOUNDARY))
