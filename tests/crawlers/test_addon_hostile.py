"""Whatever a publisher sends, what reads it ends with a result or a fact that has a sentence."""

import gzip
import zlib
from datetime import UTC, datetime

import brotli
from backports import zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawlers.decoding import unpack, unpackers
from crawlers.failures import EncodingBroken, NoAnswer
from crawlers.politeness import seconds_of
from crawlers.redirects import Asking, check_address, onward
from crawlers.robots import RobotsAnswer, rules

NOW = datetime(2026, 11, 25, tzinfo=UTC)
BODY = b"id,title\n" + b"".join(b"%d,title\n" % (number * 7919) for number in range(3000))
PACKED = {
    "gzip": gzip.compress(BODY),
    "deflate": zlib.compress(BODY),
    "br": brotli.compress(BODY),
    "zstd": zstd.compress(BODY),
    "gzip, zstd": zstd.compress(gzip.compress(BODY)),
}
ADDRESSES = st.lists(
    st.sampled_from(
        ["http://", "https://", "//", "a.example", "[", "]", ":", "99999", "-1", "/", "?", "#", "%zz", "%", "\xc3\xa9",
         "\xff", "\\", "\t", "\n", " ", "@", "..", "javascript:", "\0", "xn--a", "login"]
    ),
    max_size=7,
).map("".join)  # fmt: skip
ROBOTS = st.lists(
    st.sampled_from(
        [b"User-agent", b"Disallow", b"Allow", b"Crawl-delay", b"Sitemap", b"Request-rate", b"Visit-time", b":", b" ",
         b"\n", b"*", b"$", b"/", b"http://[", b"%zz", b"%E9", b"\xff", b"\0", b"noticewatch", b"inf", b"nan", b"-1",
         b"1/2s", b"#", b"\r"]
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


def unpacked(encoding: str, raw: bytes, size: int) -> bytes:
    unpacking = unpackers(encoding)
    blocks = (raw[start : start + size] for start in range(0, len(raw), size))
    found = b"".join(piece for block in blocks for piece in unpack(unpacking, block))
    for unpacker in unpacking:
        unpacker.finish()
    return found


@given(st.sampled_from(sorted(PACKED)), st.integers(1, 9000))
def test_bodies_are_unpacked_however_they_are_cut_on_the_way(encoding: str, size: int) -> None:
    assert unpacked(encoding, PACKED[encoding], size) == BODY


@given(st.sampled_from(sorted(PACKED)), st.data(), st.integers(50, 9000))
def test_a_body_that_was_damaged_never_passes_for_a_whole_one_of_its_length(
    encoding: str, data: st.DataObject, size: int
) -> None:
    packed = PACKED[encoding]
    cut = data.draw(st.integers(1, len(packed) - 1))
    try:
        assert unpacked(encoding, packed[:cut] + data.draw(st.binary(max_size=9)), size) != BODY
    except EncodingBroken as error:
        assert str(error)


@given(ADDRESSES, st.sampled_from([301, 302, 303, 307, 308]), st.booleans())
@settings(max_examples=400)
@example(location="http://a.example:99999/", status=302, robots=False)
def test_a_redirect_leads_to_a_declared_address_or_to_a_sentence(location: str, status: int, robots: bool) -> None:
    hosts = frozenset({"a.example"})
    try:
        led = onward(Asking("GET", "https://a.example/x", robots=robots), status, location, hosts)
    except NoAnswer as error:
        assert str(error).startswith("a.example ")
        return
    assert led is None or led.url.startswith("https://")
    if led is not None:
        check_address(led, hosts)


@given(ROBOTS)
@settings(max_examples=300)
def test_a_robots_txt_of_whatever_bytes_gives_rules(text: bytes) -> None:
    held = rules("a.example", RobotsAnswer(200, text))
    for address in ("https://a.example/x?y=%zz", "https://a.example", "https://a.example//x/%E9?"):
        assert held.allow(address) in {True, False}
    assert held.crawl_delay is None or isinstance(held.crawl_delay, float)


@given(
    st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{1,9} [A-Z+0-9-]+")
)
@settings(max_examples=400)
def test_retry_after_of_whatever_text_is_a_bounded_wait_or_none(text: str) -> None:
    seconds = seconds_of(text, NOW)
    assert seconds is None or 0 <= seconds <= 366 * 86400
