"""Ports of loopback for servers that are started for development and tests."""

import contextlib
import secrets
import socket
from typing import Final

_PORTS: Final = range(20_000, 30_000)
"""Below those that systems give to connections and to servers that do not mind: a server that begins later, or once
more, finds its port free still.
"""


def free_port() -> int:
    """A port that nobody listens on."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
