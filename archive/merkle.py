"""Merkle trees as RFC 9162 (section 2.1) defines them, with SHA-256: roots, proofs and their verification. Pure.

Trees are read through a function that gives the hash of a complete subtree: ``node(level, index)`` covers the leaves
from ``index << level`` up to, not including, ``(index + 1) << level``; level 0 holds the leaves' own hashes.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

Node: TypeAlias = Callable[[int, int], bytes]

EMPTY: Final = hashlib.sha256().digest()
"""Root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Root of a tree from the hashes of all its leaves."""
    level, sha256 = list(hashes), hashlib.sha256
    while len(level) > 1:  # node_hash written out: calls would take a third of the time
        pairs = zip(level[::2], level[1::2], strict=False)
        paired = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = paired + level[len(level) & ~1 :]
    return level[0] if level else EMPTY


def over(hashes: Sequence[bytes]) -> Node:
    """The tree over the hashes of all its leaves."""
    return lambda level, index: root(hashes[index << level : (index + 1) << level])


def root_at(node: Node, size: int) -> bytes:
    """Root of the tree that the first ``size`` leaves make."""
    return _span(node, 0, size) if size else EMPTY


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """Path from leaf ``index`` to the root of the first ``size`` leaves."""
    begin, end, path = 0, size, list[bytes]()
    while end - begin > 1:
        middle = begin + _split(end - begin)
        left = index < middle
        path.append(_span(node, middle, end) if left else _span(node, begin, middle))
        begin, end = (begin, middle) if left else (middle, end)
    return path[::-1]


def consistency(node: Node, first: int, second: int) -> list[bytes]:
    """Proof that the tree of ``first`` leaves is the beginning of that of ``second``; empty for 0 or equal sizes."""
    if first in {0, second}:
        return []
    begin, end, known, path = 0, second, True, list[bytes]()
    while first != end:
        middle = begin + _split(end - begin)
        left = first <= middle
        path.append(_span(node, middle, end) if left else _span(node, begin, middle))
        begin, end, known = (begin, middle, known) if left else (middle, end, False)
    return ([] if known else [_span(node, begin, end)]) + path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether a path leads from a leaf's hash, which stands at ``index``, to a root."""
    if not 0 <= index < size:
        return False
    place, last, held = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            held = node_hash(beside, held)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            held = node_hash(held, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and held == root_hash


def consistent(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of ``first`` leaves is the beginning of that of ``second``."""
    if first in {0, second} or first > second:
        return 0 <= first <= second and not path and (first_root == second_root if first else first_root == EMPTY)
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The greatest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


def _span(node: Node, begin: int, end: int) -> bytes:
    """Hash over the leaves from ``begin`` to ``end``, where ``begin`` is a place at which the tree splits."""
    size = end - begin
    level = size.bit_length() - 1
    if size == 1 << level:
        return node(level, begin >> level)
    middle = begin + _split(size)
    return node_hash(_span(node, begin, middle), _span(node, middle, end))
