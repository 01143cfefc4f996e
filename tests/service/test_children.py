"""Child processes never outlive the server."""

import subprocess
import sys

from tests.waiting import PATIENCE, has_ended

CHILD = """
import signal
from service.children import end_with_parent
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
end_with_parent(grace=PATIENCE)
print("ready", flush=True)
ended = signal.sigtimedwait({signal.SIGTERM}, PATIENCE)
print("ended in order" if ended else "left alone", flush=True)
""".replace("PATIENCE", str(PATIENCE))
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
    assert has_ended(pid)
