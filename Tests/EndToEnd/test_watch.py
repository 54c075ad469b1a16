"""`vitalsd watch`: on a terminal, for programs, beside a daemon and without one."""

import json
import os
import pty
import random
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import time

import pytest

from conftest import VITALSD, eventually, measure
from far_ends import Cuff


class Lines:
    """`watch` in a pipe."""

    def __init__(self, home, *words: str):
        self.process = subprocess.Popen(
            [VITALSD, "watch", *words, "--configuration", home.file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()

    def eventually(self, text: str) -> str:
        return eventually(lambda: next((line for line in self.lines if text in line), None))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Page:
    """`watch` on a terminal of 24 rows and 80 columns."""

    def __init__(self, home, *words: str):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.before = termios.tcgetattr(slave)
        self.slave, self.seen = slave, ""
        self.process = subprocess.Popen(
            [VITALSD, "watch", *words, "--configuration", home.file], stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, start_new_session=True)

    def read(self) -> str:
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        return self.seen

    def eventually(self, text: str) -> None:
        eventually(lambda: text in self.read())

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def end(self) -> int:
        eventually(lambda: (self.read(), self.process.poll() is not None)[1])
        self.read()
        restored = termios.tcgetattr(self.slave)
        assert restored == self.before
        # The cursor is seen again, and what was on the screen is back.
        assert self.seen.endswith("\x1b[?25h\x1b[?1049l") or "\x1b[?25h\x1b[?1049l" in self.seen[-40:]
        os.close(self.master)
        os.close(self.slave)
        return self.process.returncode


def test_it_waits_for_the_daemon_and_tells_what_happens(home, clinic, cuff):
    lines, objects = Lines(home), Lines(home, "--json")
    lines.eventually("does not run")
    home.start()
    lines.eventually("the daemon runs")
    measure(cuff, 147)
    lines.eventually("receipt")
    lines.eventually("1 kept")
    told = "\n".join(lines.lines)
    assert re.search(r"UA-651BLE heard.*ours", told) and "1 kept" in told
    objects.eventually('"delivered"')
    # The receipt may come before the visit's last step.
    objects.eventually('"over"')
    seen = [json.loads(line) for line in objects.lines]
    visit = [entry for entry in seen if entry["kind"] == "visit"][-1]
    assert visit["device"] == cuff.address and visit["kept"] == 1 and visit["steps"][-1] == "over"
    reading = [entry for entry in seen if entry["kind"] == "reading"][-1]
    assert reading["step"] == "delivered" and reading["of"] == "blood-pressure"
    home.stop()
    lines.eventually("waiting for it")
    lines.end()
    objects.end()
    # Neither a value nor a person.
    for text in (told, "\n".join(objects.lines)):
        bare = re.sub(r"\d\d:\d\d:\d\d|\d{4}-\S+|\d+\.\d+", "", text)
        assert not re.search(r"\b147\b", bare) and "4711" not in text


def test_the_page_comes_and_goes(home, clinic, cuff):
    page = Page(home, "--lang", "da")
    page.eventually("Programmet kører ikke")
    home.start()
    page.eventually("APPARATER")
    measure(cuff, 147)
    page.eventually("kvittering")
    assert "vores" in page.seen and "147" not in page.seen and "4711" not in page.seen
    page.type(b"x")
    assert page.process.poll() is None
    page.type(b"q")
    assert page.end() == 0


def test_it_ends_with_control_c_and_with_a_signal(home):
    for end in (lambda page: page.type(b"\x03"), lambda page: page.process.send_signal(signal.SIGTERM)):
        page = Page(home)
        page.eventually("does not run")
        end(page)
        assert page.end() == 0


def test_little_is_written_while_nothing_happens(home, clinic):
    home.start()
    page = Page(home)
    page.eventually("DEVICES")
    time.sleep(1)
    before = len(page.read())
    time.sleep(5)
    # The seconds of the clock, and how far the hub's may be off.
    assert len(page.read()) - before < 600
    page.type(b"q")
    page.end()


def test_one_that_never_reads_holds_nobody_up(home, clinic, cuff):
    home.start()
    eventually(lambda: home.status().get("running"))
    deaf = []
    for _ in range(8):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        link.connect(str(home.state / "control"))
        link.send(b"watch")
        deaf.append(link)
    for number in range(20):
        measure(cuff, 120 + number)
    eventually(lambda: len(clinic.blood_pressures()) == 20)
    assert home.status()["running"]
    for link in deaf:
        link.close()


def test_whatever_is_said_to_the_socket_the_daemon_goes_on(home, clinic, cuff):
    """Known words, broken off, joined and mixed with bytes of chance; of acts only those that find nothing to do."""
    home.start()
    eventually(lambda: home.status().get("running"))
    chance = random.Random(1)
    words = [b"status", b"losses", b"diagnosis", b"record", b"watch", b"by", b"root", b"retry", b"unbind", b"x", b"", b"-1",
             b"9" * 40, b"\xff\xfe", "æ".encode(), b"\x00"]
    for _ in range(300):
        parts = [chance.choice(words) for _ in range(chance.randint(1, 5))]
        packet = bytearray(b"\t".join(parts))
        if chance.random() < 0.5:
            packet.insert(chance.randint(0, len(packet)), chance.randint(0, 255))
        if chance.random() < 0.3:
            packet += chance.randbytes(chance.choice([1, 100, 20_000]))
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.connect(str(home.state / "control"))
        with link:
            link.send(packet)
            if chance.random() < 0.3:
                link.settimeout(0.05)
                try:
                    link.recv(65536)
                except (TimeoutError, ConnectionResetError):
                    pass
    measure(cuff, 131)
    eventually(lambda: len(clinic.blood_pressures()) == 1)
    assert home.status()["running"] and home.is_running


def test_wrong_words(home):
    assert home.run("watch", "--lang", "sv").returncode == 64
    assert home.run("watch", "now").returncode == 64


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_is_told_nothing(home, clinic, tmp_path):
    """Should the directory ever be open, the kernel's word for who asks still counts."""
    home.start()
    eventually(lambda: home.status().get("running"))
    for folder in [home.state, *home.state.parents]:
        if str(folder).startswith("/tmp/") or folder == home.state:
            folder.chmod(folder.stat().st_mode | 0o011)
    (home.state / "control").chmod(0o666)
    script = f"""
import os, socket, sys
os.setgid(65534); os.setuid(65534)
link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
link.connect({str(home.state / "control")!r})
try:
    link.send(sys.argv[1].encode())
    print(link.recv(65536))
except (ConnectionResetError, BrokenPipeError):
    print(b"")
"""
    for question in ("status", "watch", "by\troot\tunbind\tx\t"):
        answer = subprocess.run([sys.executable, "-c", script, question], capture_output=True, text=True, check=True)
        assert answer.stdout == "b''\n"
    assert home.ask("audit") == ""
