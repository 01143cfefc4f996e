"""How tests wait: for the very thing that is promised, and for so long that no busy machine is too slow for it."""

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final, TypeVar

PATIENCE: Final = 300.0
"""Seconds after which what was promised is taken for something that never comes."""

SOON: Final = 30.0
"""Seconds within which something ends that else would go on for ever, on a machine that is busy with something else."""

_LOOK_EVERY: Final = 0.02

_T = TypeVar("_T")


def until(true: Callable[[], _T], said: Callable[[], object] = lambda: "it never came") -> _T:
    """What holds in the end. Raises AssertionError with what is ``said`` where it does not."""
    ends, pause = monotonic() + PATIENCE, threading.Event()
    while not (found := true()):
        assert monotonic() < ends, said()
        pause.wait(_LOOK_EVERY)
    return found


def has_ended(process: int) -> bool:
    """Whether a process, of whatever parent, comes to its end; one that nobody has waited for yet has ended too."""
    try:
        held = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        ending = select.poll()
        ending.register(held, select.POLLIN)
        return bool(ending.poll(PATIENCE * 1_000))
    finally:
        os.close(held)


@contextmanager
def nobody_listening() -> Iterator[int]:
    """A port of loopback that refuses connections, and that nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
