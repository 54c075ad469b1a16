"""The daemon as its service manager and its administrator meet it: notices, signals, one per journal."""

import os
import random
import re
import socket
import threading
import time
from datetime import datetime, timedelta

import pytest
from conftest import Daemon, Receiver, eventually, measure, settled, vitalsd
from far_ends import Nonin, Wire, contec_live, nonin_format_8, nonin_format_13

START = datetime(2026, 11, 20, 8, 0, 0)


class ServiceManager:
    """The far side of NOTIFY_SOCKET: remembers every datagram and when it came."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.heard: list[tuple[float, str]] = []
        self.environment = os.environ | {"NOTIFY_SOCKET": str(path)}
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while True:
            text = self.socket.recv(4096).decode()
            self.heard += [(time.monotonic(), line) for line in text.splitlines()]

    def times(self, line: str) -> list[float]:
        return [at for at, heard in self.heard if heard == line]

    def lines(self) -> list[str]:
        return [line for _, line in self.heard]


@pytest.fixture
def manager(tmp_path):
    return ServiceManager(tmp_path / "notify")


def test_tells_that_it_is_ready_and_what_it_does(home, manager):
    home.start(env=manager.environment)
    eventually(lambda: "READY=1" in manager.lines())
    # Ready means that it takes questions.
    assert home.status()["running"] is True
    eventually(lambda: any(line.startswith("STATUS=") for line in manager.lines()))
    assert home.stop() == 0
    eventually(lambda: "STOPPING=1" in manager.lines())
    assert "WATCHDOG=1" not in manager.lines()


def test_keeps_the_watchdog_quiet_twice_in_each_of_its_intervals(home, manager):
    home.start(env=manager.environment | {"WATCHDOG_USEC": "1000000"})
    eventually(lambda: len(manager.times("WATCHDOG=1")) >= 6)
    beats = manager.times("WATCHDOG=1")[:6]
    # Five halves of a second, and no storm. A late one would be the machine's doing as well as ours.
    assert beats[-1] - beats[0] > 2.0


def test_another_process_watchdog_is_not_ours(home, manager):
    home.start(env=manager.environment | {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})
    eventually(lambda: "READY=1" in manager.lines())
    time.sleep(0.5)
    assert "WATCHDOG=1" not in manager.lines()


def test_a_reload_takes_effect_and_says_so(home, clinic, cuff, manager, certificates, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = Receiver(tmp_path / "elsewhere", certificates)
    home.start(env=manager.environment)
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    home.set("URL", other.url)
    home.reload()
    eventually(lambda: len(manager.times("READY=1")) == 2)
    lines = manager.lines()
    at = lines.index("RELOADING=1")
    assert re.fullmatch(r"MONOTONIC_USEC=[1-9]\d*", lines[at + 1])
    assert "READY=1" in lines[at:]
    measure(cuff, 121)
    eventually(lambda: other.blood_pressures() == [(121, 80)])
    assert clinic.blood_pressures() == [(120, 80)]
    other.stop()


def test_a_reload_takes_new_lines_and_lets_old_ones_go(home, clinic, tmp_path):
    first, second = Nonin(str(tmp_path / "oximeter"), START), Nonin(str(tmp_path / "second"), START)
    home.start()
    first.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    home.set("Lines", str(tmp_path / "second"))
    home.reload()
    eventually(lambda: "oximeter is gone" in home.log and "second appeared" in home.log)
    first.send(nonin_format_13(96, 70, START + timedelta(minutes=1)))
    second.send(nonin_format_13(95, 70, START + timedelta(minutes=2)))
    eventually(lambda: clinic.saturations() == [95, 97])


def test_a_reload_of_a_broken_configuration_keeps_the_old_one(home, clinic, cuff, manager):
    home.start(env=manager.environment)
    eventually(lambda: "READY=1" in manager.lines())
    whole = home.file.read_text()
    number = whole.splitlines().index(f"URL={clinic.url}") + 1
    home.file.write_text(whole.replace("URL=", "ULR="))
    home.hang_up()
    eventually(lambda: f"{home.file}:{number}: unknown key ULR in [Clinic]; the nearest is URL=" in home.log)
    assert "hub: the configuration is wrong" in home.log
    eventually(lambda: len(manager.times("READY=1")) == 2)
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    home.file.unlink()
    home.hang_up()
    eventually(lambda: len(manager.times("READY=1")) == 3)
    measure(cuff, 121)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80)])


def test_fifty_reloads_in_a_row_lose_nothing(home, clinic, cuff, tmp_path):
    home.start()
    eventually(lambda: home.status().get("running"))
    for number in range(50):
        measure(cuff, 100 + number)
        home.hang_up()
        time.sleep(0.01)
    settled(home, cuff)
    assert clinic.blood_pressures() == [(100 + number, 80) for number in range(50)]
    assert home.is_running


def stop_in_time(home: Daemon) -> None:
    """Two seconds are the product's promise. A loaded machine gets more, and still less than the clinic's or a device's silence
    would take."""
    begin = time.monotonic()
    assert home.stop(within=10) == 0
    print(f"stopped after {time.monotonic() - begin:.2f} s")


def test_ends_in_time_while_the_clinic_hangs_and_nothing_is_lost(home, clinic, cuff):
    clinic.fault("hang", times=-1)
    home.start()
    measure(cuff, 120, 121)
    eventually(lambda: not cuff.memory and clinic.transactions == 1)
    stop_in_time(home)
    clinic.heal()
    home.start()
    settled(home, cuff)
    assert clinic.blood_pressures() == [(120, 80), (121, 80)]


def test_ends_in_time_in_the_midst_of_visits_and_nothing_is_lost(home, clinic, cuff, tmp_path):
    """A cuff that no longer answers, and an oximeter that is still worn."""
    wire = Wire(str(tmp_path / "oximeter"))
    cuff.is_stuck = True
    home.start()
    for _ in range(20):
        wire.send(nonin_format_8(97, 70))
    eventually(lambda: cuff.visits > 0 and "(serial format 8) claimed" in home.log)
    eventually(lambda: len(home.status()["daemon"]["visits"]) == 2)
    time.sleep(0.3)
    stop_in_time(home)
    assert clinic.saturations() in ([], [97])
    home.start()
    eventually(lambda: len(clinic.saturations()) >= 1)
    settled(home)
    assert clinic.saturations() == [97]


def test_begins_no_visit_once_it_is_told_to_end(home, clinic, cuff, tmp_path):
    """Everything goes on talking while the daemon ends."""
    wire, goes_on = Wire(str(tmp_path / "oximeter")), threading.Event()

    def stream() -> None:
        while not goes_on.wait(0.01):
            wire.send(contec_live(97, 70) * 10)

    cuff.is_stuck = True
    home.start()
    threading.Thread(target=stream, daemon=True).start()
    eventually(lambda: home.log.count("visit begins") == 2)
    home.stop()
    goes_on.set()
    assert home.log.count("visit begins") == home.log.count("visit over") == 2


def test_ends_well_at_any_moment(home, clinic, cuff, tmp_path):
    generator = random.Random(1)
    for number in range(40):
        clinic.heal()
        clinic.fault(generator.choice(["hang", "lost", "slow"]), times=-1)
        measure(cuff, 100 + number)
        home.start()
        time.sleep(generator.uniform(0, 0.25))
        # Before it blocks its signals a process ends by them; afterwards it ends in order.
        assert home.stop() in (0, -15)
    clinic.heal()
    home.start()
    settled(home, cuff)
    assert clinic.blood_pressures() == [(100 + number, 80) for number in range(40)]


def test_a_second_daemon_on_the_same_journal_is_refused(home, clinic, cuff, tmp_path):
    home.start()
    eventually(lambda: home.status().get("running"))
    (tmp_path / "link").symlink_to(home.state)
    for state in (home.state, tmp_path / "link"):
        configuration = tmp_path / "second.conf"
        configuration.write_text(home.file.read_text().replace(f"StateDirectory={home.state}", f"StateDirectory={state}"))
        second = vitalsd("run", "--configuration", configuration)
        assert second.returncode == 75
        assert "another vitalsd uses the journal" in second.stderr
    # The first has not noticed: it can still be asked, and works.
    assert home.status()["running"] is True
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])


def test_a_line_that_comes_and_goes_is_attended_once(home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START)
    home.start()
    wire.send(nonin_format_13(90, 70, START))
    eventually(lambda: clinic.saturations() == [90])
    for count in range(2, 8):
        wire.unplug()
        time.sleep(0.1)
        wire.plug()
        eventually(lambda: home.log.count("appeared") == count)
    wire.send(nonin_format_13(91, 70, START + timedelta(minutes=1)))
    eventually(lambda: clinic.saturations() == [90, 91])
    time.sleep(1.5)
    assert "held by another program" not in home.log
