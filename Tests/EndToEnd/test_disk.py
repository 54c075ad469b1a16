"""A disk that is full, and journals that are full, newer, or damaged: no device is told that a reading is safe which is
not, and what can be read is delivered once."""

import contextlib
import os
import resource
import signal
import sqlite3
import struct
import subprocess
import threading
import time
from datetime import datetime, timedelta

import pytest
from conftest import eventually, measure, settled
from far_ends import (Air, Cuff, LiveOximeter, Nonin, Oximeter, Wire, blood_pressure, health_o_meter, meanwhile,
                      nonin_format_13)
from faults import HALF, Faults

START = datetime(2026, 11, 20, 8, 0, 0)
JUMPER = "CDEACB81-5235-4C07-8846-93A37EE6B86D"
NONIN = "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B"


class SmallDisk:
    """A file system of two megabytes for the state directory. Where none may be mounted, a limit on the daemon's files."""

    def __init__(self, home):
        self.home = home
        home.state.mkdir(mode=0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", home.state]
        self.is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        if not self.is_mounted:
            # What grows is the log beside the journal.
            self.limit((self.home.state / "journal-wal").stat().st_size)
            return
        with (self.home.state / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 1024)
            except OSError:
                pass

    def free(self) -> None:
        if self.is_mounted:
            (self.home.state / "filler").unlink()
        else:
            self.limit(resource.RLIM_INFINITY)

    def limit(self, size: int) -> None:
        resource.prlimit(self.home.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def close(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.home.state], check=True)


@pytest.fixture
def disk(home):
    disk = SmallDisk(home)
    yield disk
    home.stop()
    disk.close()


def quiet_limit() -> None:
    """A write beyond the limit fails, as on a full disk, and does not kill."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_on_a_full_disk_nothing_is_confirmed_until_there_is_room(disk, home, clinic, cuff):
    home.start(preexec_fn=quiet_limit)
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    disk.fill()
    measure(cuff, *range(130, 150))
    words = "hub: the disk is full, so readings stay on their devices" if disk.is_mounted else "hub: the disk "
    eventually(lambda: home.log.count(words) >= 2)
    # It came back and tried again, and still the cuff has everything.
    eventually(lambda: cuff.visits >= 4)
    # The log may have had room for a few; who was not told so has its readings still.
    told = len(cuff.acknowledged)
    assert told < 21 and len(cuff.memory) == 21 - told
    assert len(clinic.blood_pressures()) + home.status().get("pending", 0) >= told
    assert home.is_running
    disk.free()
    settled(home, cuff)
    assert clinic.blood_pressures() == [(120, 80)] + [(number, 80) for number in range(130, 150)]
    assert len(cuff.acknowledged) == 21


def test_a_serial_device_forgets_what_it_sent_so_the_hub_holds_it_until_there_is_room(disk, home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(preexec_fn=quiet_limit)
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    disk.fill()
    for minute in range(1, 6):
        wire.send(nonin_format_13(90 + minute, 70, START + timedelta(minutes=minute)))
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(0.5)
    disk.free()
    eventually(lambda: len(clinic.saturations()) >= 6)
    settled(home)
    assert clinic.saturations() == [91, 92, 93, 94, 95, 97]


def test_what_is_told_once_over_the_air_waits_for_room_too(disk, home, clinic, tmp_path):
    """A live oximeter remembers nothing: whoever breaks off the visit has lost what it was saying."""
    oximeter = Oximeter("00:05:C6:11:22:6C")
    air = Air(str(tmp_path / "air"), [oximeter])
    assert home.ask("bind", oximeter.address) == "bound\n"
    home.start(preexec_fn=quiet_limit)
    eventually(lambda: oximeter.link)
    oximeter.wear(97)
    eventually(lambda: clinic.saturations() == [97])
    disk.fill()
    for spo2 in range(91, 96):
        oximeter.wear(spo2)
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(0.5)
    assert len(clinic.saturations()) < 6
    disk.free()
    eventually(lambda: len(clinic.saturations()) >= 6)
    settled(home)
    assert clinic.saturations() == [91, 92, 93, 94, 95, 97]
    assert oximeter.visits == 1
    air.close()


class Thermometer(Cuff):
    """Has no memory and no clock: it says what it measures as it measures it."""

    def __init__(self, address: str):
        super().__init__(address, "Thermometer")
        self.attributes = {
            1: (0x2800, struct.pack("<H", 0x1809)),
            2: (0x2803, bytes([0x20]) + struct.pack("<HH", 3, 0x2A1C)),
            3: (0x2A1C, b""),
            4: (0x2902, b"\0\0"),
        }

    def advertisement(self) -> bytes:
        return f'{self.address} name "{self.name}" services 1809'.encode()

    def feel(self, tenths: int) -> None:
        with self.lock:
            self.memory.append(b"\0" + struct.pack("<I", 0xFF000000 | tenths))


def test_what_has_no_stamp_is_told_once_too(disk, home, clinic, tmp_path):
    thermometer = Thermometer("00:09:1F:11:22:5E")
    air = Air(str(tmp_path / "air"), [thermometer])
    assert home.ask("bind", thermometer.address) == "bound\n"
    home.start(preexec_fn=quiet_limit)
    thermometer.feel(367)
    eventually(lambda: clinic.temperatures() == [36.7] and not thermometer.memory)
    disk.fill()
    felt = [36.7]
    # In the log beside the journal there may be room for some.
    while "hub: the disk " not in home.log:
        thermometer.feel(tenths := 380 + len(felt))
        felt.append(tenths / 10)
        eventually(lambda: not thermometer.memory or "hub: the disk " in home.log)
    # It does not say again what it has said.
    with thermometer.lock:
        thermometer.memory.clear()
    disk.free()
    eventually(lambda: len(clinic.temperatures()) >= len(felt))
    settled(home)
    assert clinic.temperatures() == felt
    air.close()


def tanita(text: str) -> bytes:
    text = "{0,16,~0,1,~1,1,~2,1," + text + ","
    return f"{text}CS,{sum(text.encode()) & 0xFF:02X}".encode() + b"}\r\n"


def test_what_nobody_can_read_waits_for_room_and_so_does_what_is_behind_it(disk, home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start(preexec_fn=quiet_limit)
    wire.send(tanita("Hm,191.0,Wk,70.5"))
    eventually(lambda: list(clinic.weights()) == [70.5])
    disk.fill()
    wire.send(tanita("Hm,191.0") + tanita("Hm,191.0,Wk,71.5"))
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(0.5)
    disk.free()
    eventually(lambda: len(clinic.weights()) > 1)
    assert sorted(clinic.weights()) == [70.5, 71.5]
    assert "it sent what nobody here can read, which is kept" in home.log


def taken(observation: dict) -> tuple[float, float]:
    """From when to when it may have been taken."""
    period = observation.get("effectivePeriod") or {}
    start, end = (period.get(each, observation.get("effectiveDateTime")) for each in ("start", "end"))
    return datetime.fromisoformat(start).timestamp(), datetime.fromisoformat(end).timestamp()


def test_what_lay_in_the_line_while_a_reading_waited_for_room_is_not_of_now(disk, home, clinic, tmp_path):
    wire, sent = Wire(str(tmp_path / "oximeter")), {}

    def weigh(kilograms: float) -> None:
        sent[kilograms] = time.time()
        wire.send(health_o_meter(str(kilograms)))

    home.start(preexec_fn=quiet_limit)
    eventually(lambda: "oximeter appeared" in home.log)
    time.sleep(0.5)
    weigh(70.5)
    eventually(lambda: 70.5 in clinic.weights())
    disk.fill()
    weigh(81.5)
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(5)
    weigh(62.5)
    time.sleep(5)
    disk.free()
    eventually(lambda: 62.5 in clinic.weights(), within=60)
    # The visit ends behind that, and the next one hears what is said as it is.
    eventually(lambda: home.log.count("visit over") >= 2 or "visit over, 3 kept" in home.log)
    weigh(93.5)
    weighings = eventually(lambda: len(clinic.weights()) == 4 and clinic.weights())
    for kilograms, weighing in weighings.items():
        start, end = taken(weighing)
        assert start - 3 <= sent[kilograms] <= end + 1, f"{kilograms}: {start} to {end}, sent {sent[kilograms]}"
    assert "effectivePeriod" in weighings[62.5]
    assert all("effectiveDateTime" in weighings[kilograms] for kilograms in (70.5, 81.5, 93.5))


def test_a_wear_that_lay_in_the_link_while_another_waited_for_room_is_not_of_now(disk, home, clinic, tmp_path):
    # The device's own mark says that a second is a spot check; ten seconds without a finger end a wear.
    worn, off = (lambda spo2: bytes([10, 0x15, 30, 1, 44, 0, 1, spo2, 0, 72])), bytes([10, 1, 30, 0, 0, 0, 1, 127, 1, 255])
    oximeter = LiveOximeter("00:09:1F:00:00:07", "Nonin3230_1", NONIN, [worn(96)] + [off] * 10 + [worn(91)])
    oximeter.patience = 120
    air = Air(str(tmp_path / "air"), [oximeter])
    assert home.ask("bind", oximeter.address, "--with-memory") == "bound\n"
    home.start(preexec_fn=quiet_limit)
    eventually(lambda: home.status().get("running"))
    disk.fill()
    oximeter.is_on = True
    eventually(lambda: not oximeter.seconds)
    sent = time.time()
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(5)
    disk.free()
    eventually(lambda: len(clinic.saturations()) >= 2)
    settled(home)
    assert clinic.saturations() == [91, 96]
    for spot in clinic.observations():
        if spot.get("valueQuantity", {}).get("value") in (91, 96):
            start, end = taken(spot)
            assert start - 1.5 <= sent <= end + 1.5, f"{start} to {end}, sent {sent}"

    def talk(is_over: threading.Event) -> None:
        while not is_over.wait(1):
            with contextlib.suppress(OSError):
                oximeter.link.send(b"\x1b\x03\x00" + off)

    # The visit ends by itself: nothing that makes a driver think that the device is gone comes about.
    with meanwhile(talk):
        eventually(lambda: "3230 visit over, 2 kept" in home.log)
    air.close()


@pytest.mark.parametrize(
    "name, characteristic, second, battery",
    [
        # Told of its battery first, and worn for long enough to be a spot check.
        ("My Oximeter", JUMPER, bytes([0x81, 72, 96, 50]), 80),
        # Its own mark that this is one.
        ("Nonin3230_1", NONIN, bytes([10, 0x15, 30, 1, 44, 0, 1, 96, 0, 72]), None),
    ], ids=["jumper-jpd500f", "nonin-3230"])
def test_a_wear_that_is_told_once_outlasts_a_full_disk(disk, home, clinic, tmp_path, name, characteristic, second, battery):
    oximeter = LiveOximeter("00:09:1F:00:00:07", name, characteristic, [second] * 70, battery)
    air = Air(str(tmp_path / "air"), [oximeter])
    assert home.ask("bind", oximeter.address, "--with-memory") == "bound\n"
    home.start(preexec_fn=quiet_limit)
    eventually(lambda: home.status().get("running"))
    disk.fill()
    oximeter.is_on = True
    eventually(lambda: not oximeter.seconds)
    eventually(lambda: "hub: the disk " in home.log)
    time.sleep(3)
    disk.free()
    eventually(lambda: len(clinic.saturations()) >= 1)
    settled(home)
    assert clinic.saturations() == [96]
    air.close()


def one_waits(disk, home, clinic, wire) -> None:
    """A spot check is at the clinic, and the next one waits for room. Something else may find the disk full first."""
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    disk.fill()
    wire.send(nonin_format_13(91, 70, START + timedelta(minutes=1)))
    eventually(lambda: wire.is_read() and "hub: the disk " in home.log)


@pytest.mark.parametrize("behind", [[], [92, 93]], ids=["alone", "more-behind-it"])
def test_what_waits_for_room_when_the_daemon_must_end_takes_the_last_reserve(disk, home, clinic, tmp_path, behind):
    """So does what lies in the cable behind it, where nobody reads meanwhile; and a line that is closed forgets."""
    if not disk.is_mounted:
        pytest.skip("a limit on files has no reserve")
    faults, wire = Faults(tmp_path), Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    faults.fail("close", "line", HALF)
    home.start(env={**os.environ, **faults.environment})
    one_waits(disk, home, clinic, wire)
    for number in behind:
        wire.send(nonin_format_13(number, 70, START + timedelta(minutes=number)))
    eventually(lambda: not behind or not wire.is_read())
    assert home.stop() == 0
    assert "are lost" not in home.log
    disk.free()
    home.start()
    eventually(lambda: len(clinic.saturations()) >= 2 + len(behind))
    settled(home)
    assert clinic.saturations() == [91, *behind, 97]
    reserve = home.state / "reserve"
    eventually(lambda: reserve.exists() and reserve.stat().st_blocks > 0)


def test_what_waits_for_room_is_not_wiped_as_if_it_were_at_the_clinic(disk, home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(preexec_fn=quiet_limit)
    one_waits(disk, home, clinic, wire)
    refused = home.run("wipe", "--everything")
    assert refused.returncode == 69 and "1 readings are not at the clinic" in refused.stderr
    disk.free()
    eventually(lambda: len(clinic.saturations()) > 1)
    settled(home)
    assert clinic.saturations() == [91, 97]


def test_whose_it_is_does_not_change_while_it_waits_for_room(disk, home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(preexec_fn=quiet_limit)
    one_waits(disk, home, clinic, wire)
    home.set("Reference", "Patient/pt-4712")
    home.reload()
    eventually(lambda: "hub: configuration read again" in home.log)
    disk.free()
    eventually(lambda: len(clinic.saturations()) > 1)
    settled(home)
    measured = {o["valueQuantity"]["value"]: o["subject"]["reference"] for o in clinic.observations()
                if o["code"]["coding"][0]["code"] == "150456"}
    assert measured == {97: "Patient/pt-4711", 91: "Patient/pt-4711"}


def test_what_found_no_room_before_the_end_is_counted(disk, home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(preexec_fn=quiet_limit)
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    (home.state / "reserve").unlink()
    disk.fill()
    wire.send(b"".join(nonin_format_13(90 + minute, 70, START + timedelta(minutes=minute)) for minute in range(1, 6)))
    eventually(lambda: wire.is_read() and "hub: the disk " in home.log)
    assert home.stop() == 0
    assert "hub: 5 readings of devices on cables found no room before the end, and are lost" in home.log


def test_a_daemon_that_cannot_make_its_journal_says_why(disk, home):
    if disk.is_mounted:
        disk.fill()
        home.start()
        assert home.process.wait(10) == 74
        assert "hub: the disk is full" in home.log
    else:
        home.start(preexec_fn=lambda: (quiet_limit(), resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))))
        assert home.process.wait(10) == 74


def test_a_state_directory_that_cannot_be_made(home, tmp_path):
    (tmp_path / "file").write_text("")
    home.set("StateDirectory", f"{tmp_path}/file/state")
    home.start()
    assert home.process.wait(10) in (71, 73, 74, 77, 78)
    assert f"{tmp_path}/file" in home.log and home.log.startswith("hub: ")


def test_a_journal_full_of_undelivered_readings_takes_no_more_until_the_clinic_is_back(home, clinic, cuff):
    home.add("[Journal]\nMaximumSize=1M")
    clinic.stop()
    when = datetime(2019, 1, 1)
    # Bytes behind the layout are kept too, and fill the journal with fewer readings.
    cuff.memory += [
        blood_pressure(100 + i % 100, 50 + i // 100, 60, when + timedelta(minutes=i)) + bytes(480) for i in range(2000)]
    home.start()
    eventually(lambda: "hub: the journal is full of undelivered readings" in home.log, within=60)
    time.sleep(0.5)
    left = len(cuff.memory)
    eventually(lambda: home.log.count("journal is full") >= 2)
    assert left == len(cuff.memory) > 100
    kept = home.status()["pending"]
    assert kept == len(cuff.acknowledged) == 2000 - left
    assert (home.state / "journal").stat().st_size < 2 << 20
    # Not all of it need go: there is room as soon as some is delivered.
    with cuff.lock:
        del cuff.memory[100:]
    clinic.start()
    home.reload()
    eventually(lambda: not cuff.memory, within=60)
    eventually(lambda: len(clinic.blood_pressures()) >= kept + 100, within=60)
    print(f"{kept} readings in 1 MiB")
    numbers = clinic.blood_pressures()
    assert len(numbers) == len(set(numbers)) == kept + 100


def test_what_waits_for_room_goes_with_its_device(home, clinic, cuff, tmp_path):
    """It is in no file, and nothing of it is to come back once there is room."""
    home.add("[Journal]\nMaximumSize=1M")
    line = f"line:{tmp_path}/oximeter"
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start()
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    clinic.stop()
    when = datetime(2019, 1, 1)
    with cuff.lock:
        cuff.memory += [
            blood_pressure(100 + i % 100, 50 + i // 100, 60, when + timedelta(minutes=i)) + bytes(480) for i in range(2000)]
    eventually(lambda: "hub: the journal is full of undelivered readings" in home.log, within=60)
    is_waiting = lambda: any("journal is full" in each and line in each for each in home.log.splitlines())
    # The last page has room for a few that are so small.
    for minute in range(1, 30):
        pending = home.status()["pending"]
        # Each time some, of which the first may be the one that waits.
        wire.send(b"".join(nonin_format_13(91, 70, START + timedelta(seconds=50 * minute + 10 * each)) for each in range(5)))
        eventually(lambda: is_waiting() or home.status()["pending"] > pending)
        if is_waiting():
            break
    assert is_waiting()
    assert "1 devices" in home.ask("unbind", line, "--wipe", "--undelivered")
    with cuff.lock:
        del cuff.memory[:]
    clinic.start()
    home.reload()
    eventually(lambda: home.status().get("pending") == 0, within=60)
    # It waits for some seconds at most between two tries. What is measured now is another matter.
    wire.send(nonin_format_13(95, 70, START + timedelta(minutes=31)))
    eventually(lambda: 95 in clinic.saturations(), within=60)
    time.sleep(3)
    assert clinic.saturations() == [95, 97]


# MARK: journals


def journal_with(home, clinic, cuff, delivered: list[int], waiting: list[int]) -> None:
    """A journal in one file, made by the daemon itself and not in use: some readings are delivered, others wait."""
    home.start()
    measure(cuff, *delivered)
    eventually(lambda: len(clinic.blood_pressures()) == len(delivered))
    eventually(lambda: home.status()["pending"] == 0)
    clinic.stop()
    measure(cuff, *waiting)
    eventually(lambda: not cuff.memory and home.status()["pending"] == len(waiting))
    home.stop()
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    clinic.start()


def files(home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.state.iterdir() if path.is_file() and path.stat().st_size}


def test_a_journal_of_a_newer_version_is_refused_and_not_touched(home, clinic, cuff):
    journal_with(home, clinic, cuff, [120], [121, 122])
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("PRAGMA user_version = 99")
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = files(home)
    home.start()
    assert home.process.wait(10) == 65
    assert "hub: the journal has version 99" in home.log and "install the newer vitalsd again" in home.log
    for words in (["status"], ["queue"], ["bind", cuff.address], ["queue", "retry", "1"]):
        assert home.run(*words).returncode == 65
    after = files(home)
    assert {name: data for name, data in after.items() if name in before} == before
    assert clinic.blood_pressures() == [(120, 80)]


def overwritten(data: bytearray) -> bytearray:
    middle = len(data) // 2
    data[middle : middle + 3000] = os.urandom(3000)
    return data


def truncated(data: bytearray) -> bytearray:
    return data[:-2500]


def beheaded(data: bytearray) -> bytearray:
    data[:100] = os.urandom(100)
    return data


def zeroed(data: bytearray) -> bytearray:
    data[len(data) // 3 : len(data) // 3 + 4096] = bytes(4096)
    return data


@pytest.mark.parametrize("damage, most_lost", [(overwritten, 12), (truncated, 16), (beheaded, 0), (zeroed, 16)])
def test_of_a_damaged_journal_what_can_be_read_is_delivered_once(home, clinic, cuff, tmp_path, damage, most_lost):
    delivered, waiting = list(range(100, 120)), list(range(130, 170))
    journal_with(home, clinic, cuff, delivered, waiting)
    path = home.state / "journal"
    broken = bytes(damage(bytearray(path.read_bytes())))
    path.write_bytes(broken)
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start()
    eventually(lambda: "hub: the journal is damaged" in home.log)
    eventually(lambda: home.status().get("pending") == 0)
    # It works: something new is kept and goes.
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    eventually(lambda: home.status().get("pending") == 0)
    numbers = [systolic for systolic, _ in clinic.blood_pressures()]
    assert len(numbers) == len(set(numbers)), "a reading is there twice"
    assert set(delivered) <= set(numbers) <= set(delivered + waiting)
    lost = len(delivered + waiting) - len(numbers)
    print(f"{damage.__name__}: {lost} of {len(waiting)} waiting readings were lost")
    assert lost <= most_lost
    # For whoever can read more of it than we can.
    assert (home.state / "journal.damaged-1").read_bytes() == broken
    assert home.log.count("the journal is damaged") == 1
    home.stop()
    home.start()
    eventually(lambda: home.status().get("running"))
    assert home.log.count("the journal is damaged") == 1


def test_a_journal_that_is_another_programs_is_left_alone(home, tmp_path):
    home.state.mkdir()
    with sqlite3.connect(home.state / "journal") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = files(home)
    home.start()
    assert home.process.wait(10) in (65, 78)
    assert files(home) == before
