"""Classic Bluetooth through the whole line: the kernel's own RFCOMM, devices that pair and call."""

import contextlib
import signal
from datetime import datetime, timedelta

import pytest

from . import packages
from .classic import CuffPBT, Emulator, LungMonitorClassic, Onyx
from .home import eventually
from .test_daemon import clinic, daemon  # noqa: F401

packages.PACKAGES["bluez-test-tools"] = "btvirt, the emulator of classic adapters"


@pytest.fixture
def emulator(home, daemon):
    """The hub has hci1 of the emulator; the others are for devices."""
    with daemon._file.open("a") as file:
        file.write("[Bluetooth]\nAdapter=hci1\n")
    return Emulator(home)


def start(daemon):
    """The daemon, once it holds its adapter."""
    run = daemon.start()
    eventually(lambda: "adapter hci1 is on" in run.output)
    return run


def can_be_called(home) -> bool:
    """Whether the hub's adapter listens for calls."""
    return "PSCAN" in home.run("hciconfig hci1").output


def pair(home, daemon, device) -> None:
    """Pairs with the device; only from then on the hub can be called."""
    assert not can_be_called(home)
    pin = f" --pin {device.pin}" if device.pin else ""
    paired = daemon.ask(f"pair {device.address}{pin} --patient Patient/pt-4711 --with-memory")
    assert paired.status == 0 and "bound as" in paired.output, paired.output
    eventually(lambda: can_be_called(home))


@pytest.mark.long
def test_a_nonin_9560_is_paired_and_calls(home, clinic, daemon, emulator):
    run = start(daemon)
    onyx = Onyx(home, emulator.hand_out(2))
    pair(home, daemon, onyx)
    now = datetime.now()
    onyx.memory = [(93, 88, now - timedelta(hours=11)), (97, 72, now)]
    onyx.call(emulator.hub)
    assert onyx.memory == []
    eventually(lambda: sorted(clinic.saturations()) == [93, 97])
    eventually(lambda: "Onyx II 9560 visit over, 2 kept" in run.output)
    # It calls again.
    assert can_be_called(home), home.run("hciconfig hci1; hcitool -i hci1 con").output
    onyx.memory = [(98, 70, now + timedelta(minutes=1))]
    onyx.call(emulator.hub)
    eventually(lambda: sorted(clinic.saturations()) == [93, 97, 98])
    assert run.stop().status == 0


@pytest.mark.parametrize("moment", [pytest.param("on_sent", marks=pytest.mark.long), "on_accepted"])
def test_a_cuff_that_calls_keeps_or_has_handed_over_whatever_is_killed(home, clinic, daemon, emulator, moment):
    """It forgets a measurement with `PWA1`. Killed before, the daemon gets it again; killed then, it has it on disk."""
    run = start(daemon)
    cuff = CuffPBT(home, emulator.hand_out(2))
    pair(home, daemon, cuff)
    cuff.memory = [(138, 88, 78, datetime.now())]
    setattr(cuff, moment, lambda: run.signal(signal.SIGKILL))
    # Its end of the call goes down with the hub's.
    with contextlib.suppress(Exception):
        cuff.call(emulator.hub)
    assert run.wait().status == 128 + signal.SIGKILL
    cuff.on_sent = cuff.on_accepted = lambda: None
    start(daemon)
    eventually(lambda: can_be_called(home))
    if cuff.memory:
        cuff.call(emulator.hub)
    assert cuff.memory == []
    eventually(lambda: clinic.observations("150020") and "nothing waits" in daemon.ask("queue").output)
    assert [reading.values["150021"] for reading in clinic.readings("150020", cuff.address)] == [138]


class OldOnyx(Onyx):
    """As it was before Bluetooth 2.1, with the PIN of its label."""

    pin = "569799"


def test_a_device_with_a_pin_is_paired_and_calls(home, clinic, daemon, emulator):
    start(daemon)
    onyx = OldOnyx(home, emulator.hand_out(2))
    pair(home, daemon, onyx)
    assert onyx.asked_for_pin
    onyx.memory = [(94, 81, datetime.now())]
    onyx.call(emulator.hub)
    eventually(lambda: clinic.saturations() == [94])


@pytest.mark.long
def test_a_lung_monitor_is_paired_and_called(home, clinic, daemon, emulator):
    run = start(daemon)
    monitor = LungMonitorClassic(home, emulator.hand_out(2))
    monitor.memory = [(363, datetime.now()), (371, datetime.now())]
    paired = daemon.ask(f"pair {monitor.address} --patient Patient/pt-4711 --with-memory")
    assert paired.status == 0 and "bound as" in paired.output, paired.output
    eventually(lambda: monitor.memory == [])
    volumes = lambda: sorted(each["valueQuantity"]["value"] for each in clinic.observations("152586"))
    eventually(lambda: volumes() == [3.63, 3.71])
    # Nobody hears it: it is called again, for there may be another blow.
    monitor.memory = [(382, datetime.now())]
    eventually(lambda: volumes() == [3.63, 3.71, 3.82])
    assert run.stop().status == 0
