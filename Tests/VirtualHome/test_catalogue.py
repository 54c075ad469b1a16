"""Devices of the catalogue on their own lines; those of the air are in `scenarios/catalogue.toml`."""

import time

from EndToEnd.far_ends import contec_live

from .home import eventually
from .test_daemon import clinic, daemon  # noqa: F401


def test_a_cms50_on_its_own_cable(home, clinic, daemon):
    """Sixty frames a second at 19200 baud with odd parity; a finger for twenty seconds, and then none."""
    run = daemon.start()
    oximeter = home.plug_serial("oximeter", speed=19200, odd=True)
    home.await_open("/dev/ttyUSB0")
    finger, begun = contec_live(94, 81), time.monotonic()
    while not clinic.saturations() and time.monotonic() < begun + 180:
        # Until the line is set for it the daemon hears rubbish, as on a real one.
        is_heard = oximeter.converter == oximeter.settings
        if not is_heard:
            begun = time.monotonic()
        worn = time.monotonic() < begun + 20
        oximeter.send((finger if worn else contec_live(0, 0, finger=False)) * 60)
        time.sleep(1)
    eventually(lambda: clinic.saturations() == [94])
    oximeter.unplug()
    assert run.stop().status == 0
