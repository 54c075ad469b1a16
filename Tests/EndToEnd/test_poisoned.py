"""A device whose bytes end the daemon. No such bytes are known, so what they would do is done to the daemon from without: the
signal of a trap, in the midst of that device's visit."""

import signal
from datetime import datetime

from conftest import eventually, measure
from far_ends import Air, Cuff


def test_a_device_that_ends_the_daemon_three_times_is_set_aside_and_others_are_served(home, clinic, tmp_path):
    poisoned, healthy = (Cuff(f"00:09:1F:00:00:0{i}", clock=datetime(2019, 3, 1)) for i in (1, 2))
    air = Air(str(tmp_path / "air"), [poisoned, healthy])
    for cuff in (poisoned, healthy):
        assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    words = "device: the device's bytes ended the daemon three times; it is set aside"
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
    air.close()
