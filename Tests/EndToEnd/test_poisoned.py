"""A device whose bytes end the daemon. No such bytes are known, so what they would do is done to the daemon from without: the
signal of a trap, in the midst of that device's visit."""

import signal
import sqlite3
from datetime import datetime, timedelta

from conftest import eventually, measure
from far_ends import Air, Cuff, Wire
from test_life import Reader, code, listened, speaks


def test_a_device_that_ends_the_daemon_three_times_is_set_aside_and_others_are_served(home, clinic, tmp_path):
    poisoned, healthy = (Cuff(f"00:09:1F:00:00:0{i}", clock=datetime(2019, 3, 1)) for i in (1, 2))
    air = Air(str(tmp_path / "air"), [poisoned, healthy])
    for cuff in (poisoned, healthy):
        assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    words = "device: the device's bytes ended the daemon three times; it is set aside"
    home.set("Heartbeat", "1s")

    def state() -> str | None:
        """What the clinic is told of the poisoned one."""
        name = poisoned.address.replace(":", "-")
        return next((code(o.get("valueCodeableConcept")) for o in Reader(clinic).of("device-status")
                     if o["focus"][0]["identifier"]["value"] == name), None)

    poisoned.is_stuck = True
    for death in range(3):
        home.start()
        measure(healthy, 120 + death)
        eventually(lambda: not healthy.memory)
        visits = poisoned.visits
        eventually(lambda: poisoned.visits > visits or home.status().get("visits") == [f"bluetooth:{poisoned.address}"])
        eventually(lambda: (home.state / "last-words").exists())
        assert words not in home.log
        # A handler writes down whom it was visiting and returns into what raised the signal, which then raises it again.
        while home.is_running:
            home.process.send_signal(signal.SIGILL)
            eventually(lambda: not home.is_running or (home.state / "last-words").stat().st_size > 0)
        assert home.process.returncode == -signal.SIGILL
        assert poisoned.address in (home.state / "last-words").read_text()
    # Real bytes end the daemon before anything of the visit has failed: what is known is what a good visit said before.
    with sqlite3.connect(home.state / "journal") as journal:
        assert journal.execute("UPDATE contact SET read = 1 WHERE device = ?",
                               (f"bluetooth:{poisoned.address}",)).rowcount == 1
    journal.close()
    home.start()
    eventually(lambda: words in home.log)
    visits = poisoned.visits
    measure(healthy, 130)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80), (122, 80), (130, 80)])
    assert poisoned.visits == visits
    # A kill or a power cut is nobody's fault, and the word stands.
    home.kill()
    home.start()
    eventually(lambda: home.log.count(words) == 2)
    # Nobody asks it any more what it has, though it is heard. What was told before counts for nothing.
    now = datetime.now().astimezone()
    eventually(lambda: datetime.fromisoformat(Reader(clinic).hub["effectiveDateTime"]) > now)
    assert state() == "not-read"
    air.close()


def test_a_device_on_a_cable_that_is_set_aside_is_told_as_not_read(home, clinic, tmp_path):
    home.set("Heartbeat", "1s")
    home.set("Air", None)
    home.add("[Bluetooth]\nAdapter=none")
    home.start()
    reader = Reader(clinic)
    wire = Wire(str(tmp_path / "oximeter"))
    speaks(wire, lambda: reader.of("device-status"))
    [known] = home.status()["bound"]
    wire.unplug()
    home.stop()
    # Since then it ended the daemon three times, and was in a drawer for days.
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("INSERT INTO crumb (device, deaths) VALUES (?, 3)", (known["device"],))
        journal.execute("UPDATE contact SET wall = wall - 300000000, boot = 'another'")
    journal.close()
    listened(home, timedelta(days=3), "listening-lines")
    home.start()
    eventually(lambda: reader.state == "not-heard")
    wire = Wire(str(tmp_path / "oximeter"))
    speaks(wire, lambda: reader.state == "not-read")
    wire.unplug()
