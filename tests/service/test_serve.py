"""The address to serve on."""

import errno
import signal
import socket
import subprocess
import sys

import pytest

from noticewatch.errors import SettingsError
from noticewatch.settings import Settings
from service.serve import AddressTaken, listen, stopped_by_signals, way_out
from tests.house.test_rooms import ROOT
from tests.waiting import PATIENCE

INTERRUPTED = """
import os, signal, threading
from service.serve import stopped_by_signals

def interrupt():
    pause = threading.Event()
    for _ in range(300):
        os.kill(os.getpid(), signal.SIGHUP)
        pause.wait(0.0001)

with stopped_by_signals() as stopping:
    interrupting = threading.Thread(target=interrupt, daemon=True)
    interrupting.start()
    while interrupting.is_alive():
        stopping.wait(0.001)
"""


def test_a_taken_address_is_one_sentence_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTaken, match=rf"127\.0\.0\.1:{port} cannot be used .*NOTICEWATCH_BIND=127\.0\.0\.1:"):
            listen(Settings(bind=f"127.0.0.1:{port}"))


def test_an_address_of_another_machine_is_not_met_with_its_next_port():
    with pytest.raises(AddressTaken, match=r"choose one that this machine has: NOTICEWATCH_BIND=127\.0\.0\.1:8484\."):
        listen(Settings(bind="192.0.2.7:8484"))


def test_the_way_out_is_an_address_that_can_be_written_as_it_stands():
    taken, refused = OSError(errno.EADDRINUSE, "in use"), OSError(errno.EACCES, "denied")
    assert way_out(taken, "[::1]:8484").endswith("NOTICEWATCH_BIND=[::1]:8485")
    assert way_out(taken, "127.0.0.1:65535").endswith("NOTICEWATCH_BIND=127.0.0.1:65534")
    assert way_out(refused, "127.0.0.1:80").endswith("NOTICEWATCH_BIND=127.0.0.1:8484")


def test_an_unknown_host_is_refused_by_name():
    with pytest.raises(SettingsError, match=r"host 'no\.such\.host\.invalid' is not known"):
        listen(Settings(bind="no.such.host.invalid:8484"))


def test_a_free_address_is_held_at_once():
    with listen(Settings(bind="127.0.0.1:0")) as bound:
        assert bound.getsockname()[1] > 0


def test_a_signal_is_never_lost_between_two_lines():
    called = []
    with stopped_by_signals() as stopping:
        signal.raise_signal(signal.SIGTERM)
        stopping.then(lambda: called.append("late"))
        assert stopping.is_set()
    assert called == ["late"]


def test_a_signal_never_waits_for_the_look_that_it_interrupts():
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], cwd=ROOT, timeout=PATIENCE, check=False)
    assert ended.returncode == 0
