"""What a machine of its own breaks otherwise than EndToEnd/broken_homes.py does, or can break alone: its disk, its radio, its
network and who may use what. The words and the verdicts of rows that both have stand there."""

import contextlib
import sqlite3
import time
from datetime import timedelta

import broken_homes

from . import wrongs

#: Rows of a far end that only a simulation is, or that hold here by what another row shows.
NOT_HERE = {
    "lacking": "only a simulated far end can lack its own service",
    "clock_disobeys": "the cuff of this home takes the time",
}

#: Rows after whose remedy the home is well, but another one than before.
SETTLES = {"token", "password"}

INSTEAD, HERE_ONLY = {}, []
OTHER, THIRD = "00:09:1F:00:00:05", "00:09:1F:00:00:06"


def instead(breaking):
    """The row of this name, broken in another way."""
    INSTEAD[breaking.__name__] = breaking
    return breaking


def row(words: str, code: str):
    def add(breaking):
        HERE_ONLY.append((words, code, breaking))
        return breaking

    return add


# ── hub ──


@instead
def no_radio(home):
    home.home.detach_adapter()
    home.says("there is no Bluetooth adapter")
    yield
    home.home.attach_adapter()


@instead
def full(home):
    home.run("dd if=/dev/zero of=/state/filler bs=1M; dd if=/dev/zero of=/state/filler bs=1k oflag=append conv=notrunc; sync")
    yield
    home.run("rm /state/filler")


@instead
def read_only(home):
    home.daemon.stop()
    home.run("mount -o remount,ro /state")
    yield
    home.run("mount -o remount,rw /state")
    home.up()


@instead
def clock_unset(home):
    # The kernel sets no clock to a time before it was booted.
    home.clock.set(86_400 - time.time(), kept=False)
    yield
    home.clock.set(0, kept=True)


@instead
def busy(home):
    home.wire.unplug()
    home.daemon.stop()
    home.wire.insert()
    # Nobody has set the line yet, and a carrier would be waited for.
    home.run("until [ -e /dev/ttyUSB0 ]; do sleep 0.1; done; stty -F /dev/ttyUSB0 clocal")
    holder = home.hold("exec flock /dev/ttyUSB0 sleep 1000")
    home.run("until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q ' /dev/ttyUSB0$'; do sleep 0.2; done")
    home.up()
    home.says("held by another program")
    yield
    holder.kill()


@instead
def no_permission(home):
    home.wire.unplug()
    home.daemon.stop()
    home.wire.insert()
    home.run("until [ -e /dev/ttyUSB0 ]; do sleep 0.1; done; udevadm settle; chown root:root /dev/ttyUSB0")
    home.up()
    home.says("no permission for")
    yield
    home.run("chgrp dialout /dev/ttyUSB0")


@row("the service may not use the radio", "hub.no-permission")
def no_capability(home):
    home.run("""mkdir -p /run/systemd/system/vitalsd.service.d && cd /run/systemd/system/vitalsd.service.d &&
        printf '[Service]\\nAmbientCapabilities=\\nCapabilityBoundingSet=\\n' >less.conf && systemctl daemon-reload""")
    home.restart()
    yield
    home.run("rm -r /run/systemd/system/vitalsd.service.d && systemctl daemon-reload")
    home.restart()


# ── the radio ──


@row("rfkill blocks the radio", "hub.radio-blocked")
def rfkill(home):
    since = len(home.daemon.log)
    home.run("echo 1 | tee /sys/class/rfkill/*/soft")
    home.says("the radio is blocked by rfkill", since)
    yield
    home.run("echo 0 | tee /sys/class/rfkill/*/soft")


@row("the adapter is stuck", "hub.radio-failing")
def stuck(home):
    since = len(home.daemon.log)
    home.home.radio.is_dead = True
    home.says("its controller answers nothing", since)
    yield
    # On USB it comes back as a new one.
    home.home.detach_adapter()
    home.home.radio.is_dead = False
    home.home.attach_adapter()


@row("bluetoothd takes the adapter", "hub.radio-shared")
def bluetoothd(home):
    since = len(home.daemon.log)
    happening = wrongs.bluetoothd(home)
    next(happening)
    home.says("two masters use one Bluetooth adapter", since)
    yield
    next(happening, None)


# ── network ──


@instead
def no_network(home):
    home.run("ifconfig eth0 down")
    yield
    home.plug_network()


@instead
def no_route(home):
    home.run("ip route flush table main")
    yield
    home.plug_network()


@row("the network cable is pulled", "network.no-route")
def network_cable(home):
    home.home.set_network(False)
    yield
    home.home.set_network(True)


# ── pairing ──


# The kernel reports only whom it is to connect to. Who else is near is heard when somebody looks: `vitalsd scan`.


def looked_for(home):
    home.daemon.ask("unbind", home.cuff.address)
    home.cuff.is_on = True
    home.daemon.ask("scan", "--seconds", "5")
    broken_homes.eventually(lambda: home.finding("pairing", "pairing.forgotten"), every=0.3)
    yield
    home.daemon.ask("bind", home.cuff.address, "--with-memory")
    home.measure(126)


@instead
def forgotten(home):
    yield from with_an_open_cuff(home, looked_for)


@instead
def unassigned(home):
    yield from with_an_open_cuff(home, broken_homes.unassigned)


@contextlib.contextmanager
def an_open_cuff(home, *schedule):
    """A cuff that wants no pairing, so that `bind` alone brings it back, in the place of the home's own."""
    cuff, home.cuff = home.cuff, home.another_cuff(OTHER, encrypted=False)
    home.daemon.ask("bind", OTHER, "--with-memory", *schedule)
    try:
        yield
    finally:
        home.farewell(home.cuff)
        home.cuff = cuff


def with_an_open_cuff(home, breaking):
    with an_open_cuff(home):
        home.measure(121)
        yield from breaking(home)


@instead
def neighbour(home):
    stranger = home.another_cuff("00:09:1F:00:00:77")
    stranger.is_on = True
    home.daemon.ask("scan", "--seconds", "5")
    broken_homes.eventually(lambda: home.finding("pairing", None, "neighbour"), every=0.3)
    yield
    assert stranger.connections == 0
    stranger.remove()


@instead
def not_paired(home):
    cuff = home.another_cuff(OTHER)
    home.daemon.ask("bind", cuff.address, "--with-memory")
    cuff.measure(130, 80)
    cuff.is_on = True
    home.says("wants to be paired")
    yield
    home.hub.pair(cuff)
    home.farewell(cuff)


@row("the cuff has lost its bond", "pairing.key-forgotten")
def lost_bond(home):
    since = len(home.daemon.log)
    home.cuff.forget_bonds()
    home.cuff.measure(131, 80)
    home.cuff.go_on_air()
    home.says("has forgotten its key", since)
    yield
    home.hub.pair(home.cuff, again=True)
    home.keep(132)


@instead
def wrong_pin(home):
    cuff = home.another_cuff(OTHER, passkey=4711)
    cuff.advertise()
    status, said = home.hub.ask(f"pair {cuff.address} --passkey 1234 </dev/null")
    assert status != 0, said
    cuff.silence()
    yield
    home.hub.pair(cuff)
    home.farewell(cuff)


# ── devices ──


@instead
def hanging(home):
    since = len(home.daemon.log)
    # It takes connections and answers nothing.
    home.cuff.transmit = lambda _: []
    home.cuff.measure(133, 80)
    home.cuff.is_on = True
    home.says("stopped answering", since)
    home.cuff.is_on = False
    yield
    del home.cuff.transmit
    home.keep(134)


@instead
def set_aside(home):
    old, new = (home.another_cuff(address, encrypted=False) for address in (OTHER, THIRD))
    home.daemon.ask("bind", old.address, "--with-memory")
    with sqlite3.connect(home.closed_journal()) as journal:
        journal.execute("INSERT OR REPLACE INTO crumb VALUES (?, 3)", (f"bluetooth:{old.address}",))
    journal.close()
    home.up()
    yield
    assert home.daemon.ask("swap", old.address, new.address, "--with-memory") == "swapped\n"
    new.measure(128, 80)
    new.is_on = True
    broken_homes.eventually(lambda: not new.memory)
    home.farewell(old, new)


@instead
def overdue(home):
    with an_open_cuff(home, "--schedule", "twice a day"):
        with sqlite3.connect(home.closed_journal()) as journal:
            journal.execute("UPDATE binding SET agreed = agreed - 4 * 86400000 WHERE schedule IS NOT NULL")
        journal.close()
        home.up()
        # It is in reach, and all that it has is three days old.
        home.keep(141, home.house_time().replace(microsecond=0) - timedelta(days=3))
        yield
        home.measure(142)


@instead
def never_heard(home):
    with an_open_cuff(home):
        yield
        home.measure(138)


@instead
def battery(home):
    yield from broken_homes.low_battery(home)
    time.sleep(1)
