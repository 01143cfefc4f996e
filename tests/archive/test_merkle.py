"""Trees, proofs and their verification against the vectors of Certificate Transparency and the RFC's own definition."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import merkle

# Inputs, roots, paths and proofs of the reference tree of Certificate Transparency (cpp/merkletree/merkle_tree_test.cc
# of google/certificate-transparency, values of RFC 6962, whose hashing RFC 9162 keeps).
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = [
    (0, 1, []),
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip
PROOFS = [
    (1, 1, []),
    (1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip
HASHES = [merkle.leaf_hash(data) for data in INPUTS]
LEAVES = st.lists(st.binary(max_size=8), max_size=70)


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = defined_split(len(leaves))
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def defined_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = defined_split(len(leaves))
    if index < k:
        return [*defined_path(index, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(index - k, leaves[k:]), defined_root(leaves[:k])]


def defined_proof(first: int, leaves: Sequence[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if first == len(leaves):
        return [] if known else [defined_root(leaves)]
    k = defined_split(len(leaves))
    if first <= k:
        return [*defined_proof(first, leaves[:k], known=known), defined_root(leaves[k:])]
    return [*defined_proof(first - k, leaves[k:], known=False), defined_root(leaves[:k])]


def defined_split(size: int) -> int:
    return max(1 << bits for bits in range(size.bit_length()) if 1 << bits < size)


def hashes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_the_published_roots_come_out():
    assert merkle.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.root(HASHES[:size]).hex() for size in range(1, 9)] == ROOTS
    assert [merkle.root_at(merkle.over(HASHES), size).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_the_published_paths_come_out_and_verify(index: int, size: int, path: list[str]):
    assert merkle.inclusion(merkle.over(HASHES), index, size) == hashes(path)
    assert merkle.includes(HASHES[index], index, size, hashes(path), bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second", "proof"), PROOFS)
def test_the_published_proofs_come_out_and_verify(first: int, second: int, proof: list[str]):
    assert merkle.consistency(merkle.over(HASHES), first, second) == hashes(proof)
    assert merkle.consistent(first, second, *hashes([ROOTS[first - 1], ROOTS[second - 1]]), hashes(proof))


@given(LEAVES)
def test_roots_are_those_of_the_definition(leaves: list[bytes]):
    held = [merkle.leaf_hash(data) for data in leaves]
    assert merkle.root(held) == merkle.root_at(merkle.over(held), len(held)) == defined_root(leaves)


@given(LEAVES.filter(bool), st.data())
def test_paths_are_those_of_the_definition_and_nothing_else_verifies(leaves: list[bytes], data: st.DataObject):
    index = data.draw(st.integers(0, len(leaves) - 1))
    held, size = [merkle.leaf_hash(leaf) for leaf in leaves], len(leaves)
    path, root = merkle.inclusion(merkle.over(held), index, size), defined_root(leaves)
    assert path == defined_path(index, leaves)
    assert merkle.includes(held[index], index, size, path, root)
    assert not merkle.includes(merkle.leaf_hash(b"another one"), index, size, path, root)
    assert not merkle.includes(held[index], index, size, path, merkle.EMPTY)
    assert not merkle.includes(held[index], size, size, path, root)
    assert not merkle.includes(held[index], -1, size, path, root)
    for wrong in changed(path):
        assert not merkle.includes(held[index], index, size, wrong, root)


@given(LEAVES.filter(bool), st.data())
def test_consistency_is_that_of_the_definition_and_nothing_else_verifies(leaves: list[bytes], data: st.DataObject):
    first, second = data.draw(st.integers(1, len(leaves))), len(leaves)
    held = [merkle.leaf_hash(leaf) for leaf in leaves]
    proof = merkle.consistency(merkle.over(held), first, second)
    old, new = defined_root(leaves[:first]), defined_root(leaves)
    assert proof == defined_proof(first, leaves)
    assert merkle.consistent(first, second, old, new, proof)
    assert not merkle.consistent(first, second, merkle.EMPTY, new, proof)
    assert not merkle.consistent(first, second, old, merkle.EMPTY, proof)
    assert not merkle.consistent(second + 1, second, old, new, proof)
    for wrong in changed(proof):
        assert not merkle.consistent(first, second, old, new, wrong)


def changed(path: list[bytes]) -> list[list[bytes]]:
    """Everything near a proof: each hash replaced, one left out at either end, one put in at either end."""
    replaced = [[*path[:at], merkle.EMPTY, *path[at + 1 :]] for at in range(len(path))]
    cut = [path[1:], path[:-1]] if path else []
    return [*replaced, *cut, [merkle.EMPTY, *path], [*path, merkle.EMPTY]]


def test_every_tree_begins_with_the_empty_one():
    assert merkle.consistency(merkle.over(HASHES), 0, 8) == []
    assert merkle.consistent(0, 8, merkle.EMPTY, bytes.fromhex(ROOTS[7]), [])
    assert not merkle.consistent(0, 8, merkle.leaf_hash(b""), bytes.fromhex(ROOTS[7]), [])
