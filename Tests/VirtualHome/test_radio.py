"""The radio of `Sources/Host` against the kernel's Bluetooth, without the daemon: `RadioProbe` runs in the machine."""

import asyncio
import os
import pathlib
import shutil

import pytest

from .models.broadcaster import Broadcaster
from .models.cuff import Cuff, date_time
from .home import Home, eventually
from .test_daemon import clinic, daemon  # noqa: F401

ROOT = pathlib.Path(__file__).parents[2]


long = pytest.mark.long


class Probe:
    """Runs RadioProbe's steps; the bonds that it makes stay for the next."""

    def __init__(self, home: Home):
        self._home, self.folder = home, home.shared / "probe"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.program = pathlib.Path(os.environ.get("RADIO_PROBE", ROOT / ".build" / "tests" / "debug" / "RadioProbe")).resolve()

    def start(self, steps: str):
        return self._home.spawn(f"exec {self.program} {self.folder} {steps}")

    def run(self, steps: str) -> list[str]:
        """The lines that it printed; it ends by itself."""
        status, output = self.start(steps).wait()
        assert status == 0, output
        return output.splitlines()


@pytest.fixture
def probe(home):
    yield Probe(home)
    if not home.is_up:
        return
    oopses = home.run("dmesg | grep -E 'BUG|list_del|Oops'").output
    home.run("dmesg -C")
    assert not oopses


@pytest.fixture
def cuff(home):
    cuff = Cuff(home.radio)
    cuff.advertise()
    return cuff


def clock(cuff: Cuff) -> str:
    """What reading its clock gives, up to the hour."""
    return "read " + date_time(cuff.clock)[:5].hex()


@long
def test_a_cuff_is_heard_paired_and_read_and_again_after_its_bond_is_loaded(probe, cuff):
    lines = probe.run(f"hear {cuff.address} pair {cuff.address} read {cuff.address}")
    assert any(f'heard {cuff.address} name "A&D_UA-651BLE_000001" services 1810 -50' == line for line in lines), lines
    assert "asked agreement" in lines
    assert f"paired {cuff.address} public keys [2] identity true" in lines
    assert any(line.startswith(clock(cuff)) for line in lines), lines
    assert len(cuff.bonds()) == 1

    lines = probe.run(f"restart read {cuff.address}")
    assert lines[0] == "bonds 1"
    assert any(line.startswith(clock(cuff)) for line in lines), lines
    assert "asked agreement" not in lines


@long
def test_the_kernel_connects_by_itself_to_a_device_that_is_followed(probe, cuff):
    probe.run(f"hear {cuff.address} pair {cuff.address}")
    cuff.silence()
    waiting = probe.start(f"follow {cuff.address} read {cuff.address}")
    eventually(lambda: "is on" in waiting.output)
    before = cuff.connections
    cuff.advertise()
    status, output = waiting.wait()
    assert status == 0
    assert f'heard {cuff.address} name "" services 1810 connected' in output
    assert clock(cuff) in output
    assert cuff.connections == before + 1


def test_an_open_link_is_encrypted_on_demand(probe, cuff):
    probe.run(f"hear {cuff.address} pair {cuff.address}")
    cuff.vanish()
    cuff.advertise()
    lines = probe.run(f"encrypt {cuff.address}")
    assert "refused pairing: the device wants to be paired; pair it" in lines
    assert lines.index("done encrypt") > next(i for i, line in enumerate(lines) if line.startswith(clock(cuff)))


async def shout(device: Cuff, connection) -> None:
    """Says a blood pressure unasked, ten times a second."""
    while True:
        device.say(connection, bytes([0x1B, 0x0C, 0x00]) + device.record(device.clock, 128, 82))
        await asyncio.sleep(0.1)


def test_who_has_not_the_key_is_not_believed_however_much_it_says(probe, cuff):
    """It leaves the hub's question for the key open. Linux takes each further word for a sign that the channel is ready."""
    probe.run(f"hear {cuff.address} pair {cuff.address}")
    cuff.vanish()
    cuff.chip.on_le_encryption_request = lambda *_: None
    cuff.serve = lambda connection: shout(cuff, connection)
    cuff.advertise()
    lines = probe.run(f"listen {cuff.address}")
    assert "connected" in lines and not any(line.startswith("ended") for line in lines), lines
    assert any(line.startswith("fault device") for line in lines), lines


@long
def test_a_device_that_refuses_is_not_paired_and_one_that_forgot_its_key_says_so(probe, cuff):
    cuff.pairs = False
    assert any(line.startswith("fault pairing: the device rejected") for line in probe.run(f"pair {cuff.address}"))
    assert list(probe.folder.iterdir()) == []
    cuff.pairs = True
    probe.run(f"pair {cuff.address}")
    cuff.vanish()
    cuff.forget_bonds()
    cuff.advertise()
    forgotten = "fault pairing: the device has forgotten its key; pair it again"
    assert forgotten in probe.run(f"read {cuff.address}")
    assert forgotten in probe.run(f"read {cuff.address}")
    assert any(line.startswith(clock(cuff)) for line in probe.run(f"pair {cuff.address} read {cuff.address}"))


@long
def test_a_device_with_a_private_address_that_forgot_its_key_is_paired_again(home, probe):
    """The kernel then knows no more whose its addresses are, and looks for an identity that nobody advertises."""
    cuff = Cuff(home.radio, private=True)
    cuff.advertise()
    paired = f"paired {cuff.address} public keys [2] identity true"
    assert paired in probe.run(f"hear {cuff.air_address} pair {cuff.air_address}")
    cuff.vanish()
    cuff.forget_bonds()
    cuff.advertise()
    assert paired in probe.run(f"pair {cuff.address}")


@long
def test_a_scale_that_only_advertises_is_listened_to_though_it_was_bound_unseen(home, clinic, daemon):
    run = daemon.start()
    eventually(lambda: "is on" in run.output)
    scale = Broadcaster(home.radio)
    bound = daemon.ask(f"bind {scale.address} --patient Patient/pt-4711 --with-memory")
    assert bound.status == 0, bound.output
    weights = lambda: [each["valueQuantity"]["value"] for each in clinic.observations("188736")]
    for told in ([61.5], [61.5, 62.0], [61.5, 62.0, 60.5]):
        scale.weigh(told[-1])
        eventually(lambda: weights() == told)
    assert scale.connections == 1
    assert run.stop().status == 0


@long
def test_the_adapter_comes_and_goes_and_is_blocked(home, probe, cuff):
    home.detach_adapter()
    waiting = probe.start(f"hear {cuff.address} fault hear {cuff.address}")
    home.run("sleep 1")
    assert "is on" not in waiting.output
    home.attach_adapter()
    eventually(lambda: "done hear" in waiting.output)
    home.detach_adapter()
    eventually(lambda: "told hub: there is no Bluetooth adapter" in waiting.output)
    home.attach_adapter()
    status, output = waiting.wait()
    assert status == 0 and output.count("is on") == 2


@long
def test_a_radio_that_rfkill_blocks_says_so_and_comes_back(home, probe, cuff):
    switch = "for f in /sys/class/bluetooth/hci0/rfkill*/soft; do echo {} >$f; done"
    waiting = probe.start(f"hear {cuff.address} fault hear {cuff.address}")
    eventually(lambda: "done hear" in waiting.output)
    home.run(switch.format(1))
    eventually(lambda: "told hub: the radio is blocked by rfkill" in waiting.output)
    home.run(switch.format(0))
    assert waiting.wait().output.count("is on") == 2


def test_another_master_on_the_adapter_is_named(home, probe, cuff):
    waiting = probe.start(f"hear {cuff.address} fault read {cuff.address}")
    eventually(lambda: "done hear" in waiting.output)
    home.run('script -qec "btmgmt add-device -a 1 -t 1 00:09:1F:00:00:99" /dev/null')
    eventually(lambda: "told hub: two masters use one Bluetooth adapter" in waiting.output)
    waiting.kill()


@long
def test_a_link_that_ends_before_a_word_was_said_ends_nothing_else(home, probe, cuff):
    """Linux 6.1.192 would end the process at once; so it still does a thread for each of them, behind everything else."""
    ends = [cuff.hang_up, cuff.vanish, cuff.hang_up]
    listening = probe.start(f"listen {cuff.address} " * len(ends) + f"read {cuff.address}")
    for number, end in enumerate(ends, 1):
        eventually(lambda: listening.output.count("connected") == number)
        end()
        eventually(lambda: listening.output.count("ended true") == number)
        cuff.advertise()
    ended = listening.wait()
    assert ended.status == 0 and "fault pairing: the device wants to be paired; pair it" in ended.output
    assert int(home.run("dmesg | grep -c 'end trace'").output) == len(ends)
    # Who starts anew finds the adapter as good as before.
    cuff.advertise()
    assert any(line.startswith("heard") for line in probe.run(f"hear {cuff.address}"))
    # What the kernel has left of itself is no place for another test.
    home.cut_power()
