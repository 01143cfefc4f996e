"""Leaves that are written in a short way are, byte for byte, the canonical ones."""

import hashlib
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.merkle import leaf_hash
from archive.proof import forms
from archive.proof.forms import Lineage, Placed
from noticewatch.models import canonical_json

TEXTS = st.text(max_size=20) | st.text(st.characters(min_codepoint=0, max_codepoint=0x80), max_size=20)

LINEAGES = st.tuples(st.none() | st.integers(0, 2**40), st.none() | TEXTS)


@given(
    notice=TEXTS, committed_at=TEXTS, capture=st.none() | TEXTS, seq=st.integers(0, 2**40), version=st.integers(0, 900),
    content_sha256=TEXTS, kinds=st.lists(st.sampled_from(["new", "amended", "reparsed"]), max_size=3),
    quiet=st.booleans(), late=st.booleans(), lineage=LINEAGES,
)  # fmt: skip
@example(
    notice='a","seq":1,"x":"', committed_at="2026-01-01T00:00:00.000000Z", capture="c\\", seq=7, version=2,
    content_sha256="\x7f", kinds=["new"], quiet=True, late=False, lineage=(0, '"'),
)  # fmt: skip
@example(
    notice="us-action:7012:A:0", committed_at="2026-01-01T00:00:00.000000Z", capture="0190", seq=7, version=2,
    content_sha256="ab" * 32, kinds=["new"], quiet=False, late=True, lineage=(None, None),
)  # fmt: skip
def test_a_leaf_of_an_event_is_canonical_whatever_its_texts_hold(
    kinds: list[str], quiet: bool, late: bool, lineage: Lineage, **stated: Any
) -> None:
    given_kinds = orjson.dumps(kinds).decode()
    known = {name: value for name, value in stated.items() if value is not None} | {"kinds": kinds, "type": "event"}
    assert forms.event_leaf(kinds=given_kinds, **stated) == canonical_json(known)
    more = {"quiet": quiet, "late": late}
    more |= {name: value for name, value in zip(("row", "against"), lineage, strict=True) if value is not None}
    leaf = forms.event_leaf(kinds=given_kinds, **stated, quiet=quiet, late=late, lineage=lineage)
    assert leaf == canonical_json(known | more)
    leaf = forms.event_leaf(kinds=given_kinds, **stated, quiet=quiet, late=late, changed="[]")
    told = {"changed_sha256": hashlib.sha256(b"[]").hexdigest(), "quiet": quiet, "late": late}
    assert leaf == canonical_json(known | told)


@given(st.lists(LINEAGES, max_size=9))
def test_packed_lineages_are_read_again_as_they_were(lineages: list[Lineage]) -> None:
    body = forms.pack_lineages(lineages)
    assert forms.unpack_lineages(body, len(lineages)) == lineages
    stated = {place: content for place, (_, content) in enumerate(lineages) if content is not None}
    assert forms.unpack_against(body) == stated


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"rows":7}', b'{"against":7,"rows":[1]}', b"\xff"])
def test_bytes_that_are_no_lineages_say_nothing_of_contents(body: bytes) -> None:
    assert [content for _, content in forms.unpack_lineages(body, 2) or ()] in ([None, None], [None])
    assert forms.unpack_against(body) == {}


@given(
    st.lists(
        st.builds(
            Placed, record=st.integers(1, 2**40), row=st.integers(0, 2**30), start=st.integers(0, 2**40),
            end=st.integers(0, 2**40), sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        ),
        max_size=9,
    )
)  # fmt: skip
def test_packed_records_hash_as_their_lines_do(placed: list[Placed]) -> None:
    body = forms.pack(placed)
    assert forms.record_hashes(placed) == [leaf_hash(one.line) for one in placed]
    assert forms.unpack(body) == placed == forms.packed_rows(body)


@pytest.mark.parametrize("body", [b"", b"x", bytes(71), bytes(73)])
def test_bytes_that_were_not_packed_hold_no_record(body: bytes) -> None:
    assert forms.unpack(body) == forms.packed_rows(body) == []
