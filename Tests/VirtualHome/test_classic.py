"""Classic Bluetooth through the whole line: the kernel's own RFCOMM, devices that pair and call."""

from datetime import datetime, timedelta

import pytest

from . import packages
from .classic import Emulator, Onyx
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
    paired = daemon.ask(f"pair {device.address} --patient Patient/pt-4711")
    assert paired.status == 0 and "bound as" in paired.output, paired.output
    eventually(lambda: can_be_called(home))


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
