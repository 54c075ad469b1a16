"""`vitalsd record`: a live visit becomes a capture that names nobody and plays again."""

import struct
import subprocess
from datetime import datetime

import pytest
from conftest import VITALSD, eventually, measure, vitalsd
from far_ends import Air, Cuff, Nonin, nonin_format_13

ADDRESS = "00:09:1F:8A:BC:DE"
SERIAL = b"5130200123"


class NamedCuff(Cuff):
    """A cuff that says its serial number, its System ID and its name, and means one citizen's by each."""

    def __init__(self):
        super().__init__(ADDRESS, name="A&D_UA-651BLE_ABCDE", clock=datetime(2019, 3, 1))
        for at, (uuid, value) in enumerate([(0x2A25, SERIAL), (0x2A23, bytes.fromhex("debc8afeff1f0900"))]):
            handle = 7 + 2 * at
            self.attributes[handle] = (0x2803, bytes([0x02]) + struct.pack("<HH", handle + 1, uuid))
            self.attributes[handle + 1] = (uuid, value)


@pytest.fixture
def named(home, tmp_path):
    cuff = NamedCuff()
    air = Air(str(tmp_path / "air"), [cuff])
    assert home.ask("bind", ADDRESS, "--with-memory") == "bound\n"
    yield cuff
    air.close()


def recording(home, device, file):
    return subprocess.Popen(
        [VITALSD, "record", device, file, "--seconds", "60", "--configuration", home.file],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(process, file, readings):
    said, complaints = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "mistakes" not in complaints
    assert f"{readings} readings, masked" in said
    played = vitalsd("replay", file)
    assert (played.returncode, played.stderr) == (0, "")
    assert len(played.stdout.splitlines()) == 1 + readings
    return file.read_text()


def without_identity(text: str):
    for secret in ["8A:BC:DE", "8abcde", "debc8a", "ABCDE", "4142434445", SERIAL.decode(), SERIAL.hex()]:
        assert secret.lower() not in text.lower(), secret


@pytest.mark.parametrize("running", [True, False], ids=["beside the daemon", "without a daemon"])
def test_a_cuffs_visit_is_recorded_and_names_nobody(home, clinic, named, tmp_path, running):
    if running:
        home.start()
        eventually(lambda: home.status().get("running"))
    file = tmp_path / "cuff.capture"
    process = recording(home, ADDRESS, file)
    assert process.stdout.readline() == "waiting for the next visit\n"
    measure(named, 120, 130)
    text = check(process, file, 2)
    without_identity(text)
    assert 'adv 00:09:1F:00:00:00 name "A&D_UA-651BLE_00000"' in text
    assert "systolic 1" in text
    # A visit like any other: what was read is at the clinic, now or as soon as the daemon runs.
    if not running:
        home.start()
    eventually(lambda: len(clinic.blood_pressures()) == 2)


def test_a_lines_visit_is_recorded(home, clinic, tmp_path):
    oximeter = Nonin(str(tmp_path / "oximeter"), clock=datetime(2026, 11, 20, 8, 0, 0))
    home.start()
    eventually(lambda: home.status().get("running"))
    file = tmp_path / "line.capture"
    process = recording(home, str(tmp_path / "oximeter"), file)
    assert process.stdout.readline() == "waiting for the next visit\n"
    oximeter.send(nonin_format_13(97, 71, datetime(2026, 11, 20, 8, 0, 0)))
    eventually(lambda: clinic.saturations() == [97])
    oximeter.unplug()
    text = check(process, file, 1)
    assert "tty recorded" in text and str(tmp_path) not in text


def test_misuse(home):
    assert home.run("record").returncode == 64
    assert home.run("record", "cuff", "file").returncode == 64
    assert home.run("record", ADDRESS, "file", "--seconds", "0").returncode == 64
