"""Child processes never outlive the server."""

import os
import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import signal, sys, threading
from service.children import end_with_parent
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
end_with_parent()
print("ready", flush=True)
ended.wait(20)
print("ended in order" if ended.is_set() else "left alone", flush=True)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_child_ends_in_order_when_its_server_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True)
    said = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
    assert "ready" in said
    pid = int((said - {"ready"}).pop())
    parent.kill()
    assert parent.stdout.read() == "ended in order\n"  # the pipe closes when the last of them has ended
    parent.wait()
    assert not alive(pid)


def alive(pid: int) -> bool:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        if "\nState:\tZ" in _status(pid):
            return False
    return True


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
