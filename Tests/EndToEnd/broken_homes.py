"""Homes in which one thing is broken, each with the verdict that a technician should get and the remedy that clears it.

A row is a generator over a `Home` that was well: it breaks something, yields what `vitalsd diagnose` should say of it, and
after that does what the remedy says, and all is well again. What it returns may still be said then.

The same rows are played in the virtual home with the installed package (`make home-broken`), beside those that want a radio.
"""

import fcntl
import os
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta

import pytest
from conftest import eventually, for_everybody
from far_ends import Cuff, blood_pressure

ROWS = []
#: Where only the wall clock has moved, the device's clock and the hub's time since its boot do not fit.
TIME_TRAVEL = {"device.clock-off", "device.clock-disobeys"}


def row(words: str, code: str | None):
    """A home that is broken so, and the code of the verdict; None where nothing is the matter."""

    def add(breaking):
        ROWS.append(pytest.param(words, code, breaking, id=breaking.__name__))
        return breaking

    return add


# MARK: hub


@row("the program does not run", "hub.not-running")
def stopped(home):
    home.daemon.stop()
    yield
    home.up()


@row("a mistake in the settings", "hub.bad-configuration")
def settings(home):
    whole = home.daemon.file.read_text()
    home.daemon.add("[Clinic]\nUrl=https://elsewhere.example/")
    yield
    home.daemon.file.write_text(whole)


@row("no Bluetooth radio", "hub.no-radio")
def no_radio(home):
    whole = home.daemon.file.read_text()
    home.daemon.file.write_text(whole.replace("[Simulation]\n", "[Bluetooth]\n").replace("Air=", "Adapter=hci0\n#"))
    home.restart()
    eventually(lambda: "there is no Bluetooth adapter" in home.daemon.log)
    yield
    home.daemon.file.write_text(whole)
    home.restart()


@row("the disk is full", "hub.disk-full")
def full(home):
    with home.small_disk() as state:
        filler = state / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        yield
        filler.unlink()


@row("the disk takes no writing", "hub.disk-read-only")
def read_only(home):
    with home.small_disk() as state:
        home.daemon.stop()
        subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        yield
        subprocess.run(["mount", "-o", "remount,rw", state], check=True)
        home.up()


@row("a damaged journal", "hub.journal-damaged")
def damaged(home):
    path = home.closed_journal()
    with sqlite3.connect(path) as journal:
        # Where the clocks' past lies: of another page a restart might not know what was on it.
        [page] = journal.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'moment'").fetchone()
        [size] = journal.execute("PRAGMA page_size").fetchone()
    journal.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = os.urandom(size)
    path.write_bytes(data)
    yield
    home.up()
    # Which readings were on the damaged pages is chance: the devices must have given something since.
    home.measure(125)


@row("a journal of a newer version", "hub.journal-newer")
def newer(home):
    path = home.closed_journal()
    with sqlite3.connect(path) as journal:
        version = journal.execute("PRAGMA user_version").fetchone()[0]
        journal.execute("PRAGMA user_version = 99")
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield
    with sqlite3.connect(path) as journal:
        journal.execute(f"PRAGMA user_version = {version}")
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    home.up()


@row("the hub's clock stands in 1970", "hub.clock-unset")
def clock_unset(home):
    home.clock.set(600 - time.time(), kept=False)
    yield
    home.clock.set(0, kept=True)


@row("the hub's clock is two days behind, so that the clinic's certificate is not valid yet", "hub.clock-unset")
def clock_behind(home):
    home.clock.set(-2 * 86_400, kept=False)
    yield
    home.clock.set(0, kept=True)


@row("nothing keeps the hub's clock", "hub.clock-unkept")
def clock_unkept(home):
    home.clock.set(0, kept=False)
    yield
    home.clock.set(0, kept=True)


@row("the key is missing", "hub.certificate-unreadable")
def no_key(home):
    home.set("KeyFile", f"{home.folder}/missing.key")
    yield
    home.set("KeyFile", f"{home.certificates}/hub.key")


@row("everybody can read the key", "hub.secret-exposed")
def exposed(home):
    key = home.folder / "open.key"
    key.write_bytes((home.certificates / "hub.key").read_bytes())
    key.chmod(0o644)
    home.set("KeyFile", str(key))
    yield
    key.chmod(0o600)


# MARK: cables


@row("a cable is pulled", "hub.port-gone")
def pulled(home):
    home.wire.unplug()
    yield
    home.wire.plug()
    home.spot_check(96)


@row("another program holds the cable", "hub.port-busy")
def busy(home):
    home.daemon.stop()
    holder = os.open(home.wire.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    home.up()
    eventually(lambda: "held by another program" in home.daemon.log)
    yield
    os.close(holder)
    eventually(lambda: home.code() != "hub.port-busy", within=90, every=0.5)


@row("the program may not use the cable", "hub.no-permission")
def no_permission(home):
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    home.daemon.stop()
    home.give_to_nobody()
    home.up(user="nobody", group="nogroup", extra_groups=[], executable=for_everybody())
    eventually(lambda: "no permission for" in home.daemon.log)
    yield
    os.chmod(os.path.realpath(home.wire.path), 0o666)
    eventually(lambda: home.code() != "hub.no-permission", within=90, every=0.5)


# MARK: network


@row("no network at all", "network.no-network")
def no_network(home):
    home.wrapper = ["unshare", "--net"]
    yield
    home.wrapper = []


@row("a network without a way out", "network.no-route")
def no_route(home):
    commands = (
        "ip link add d0 type veth peer name d1 && ip address add 10.9.9.1/24 dev d0 && ip link set d0 up "
        "&& ip link set d1 up")
    if subprocess.run(["unshare", "--net", "sh", "-c", commands], capture_output=True, check=False).returncode != 0:
        pytest.skip("no network card can be made here")
    home.wrapper = ["unshare", "--net", "sh", "-c", commands + ' && exec "$@"', "sh"]
    yield
    home.wrapper = []


@row("the clinic's name is not known", "network.no-name")
def no_name(home):
    home.set("URL", "https://vitalsd.invalid/")
    yield
    home.set("URL", home.clinic.url)


@row("the clinic's server is down", "network.refused")
def refused(home):
    home.clinic.stop()
    yield
    home.clinic.start()


@row("the clinic does not answer", "network.timed-out")
def hangs(home):
    home.clinic.fault("hang", times=-1)
    yield
    home.clinic.heal()


# MARK: clinic


def fault(words: str, code: str, name: str, **mode):
    """A clinic that fails so, until it is healed."""

    def breaking(home):
        home.clinic.fault(times=-1, **mode)
        yield
        home.clinic.heal()

    breaking.__name__ = name
    row(words, code)(breaking)


fault("a captive portal that redirects", "clinic.not-our-clinic", "portal", mode="redirect", status=302)
fault("a captive portal that shows its page", "clinic.not-our-clinic", "portal_page", mode="garbage",
      body="<html>log in</html>", type="text/html")
fault("503 for hours", "clinic.failing", "unavailable", mode="status", status=503)
fault("429, busy", "clinic.busy", "too_many", mode="status", status=429, retryAfter="3600")
fault("an answer that makes no sense", "clinic.bad-answer", "garbage", mode="garbage", body="x")
fault("a URL that is no FHIR server", "clinic.wrong-address", "elsewhere", mode="status", status=404)
fault("403, not allowed", "clinic.rejects-us", "forbidden", mode="status", status=403)


def shown(words: str, code: str, name: str, certificate: str):
    """The clinic shows another certificate."""

    def breaking(home):
        home.clinic.stop()
        home.clinic.certificate = certificate
        home.clinic.start()
        yield
        home.clinic.stop()
        home.clinic.certificate = "server"
        home.clinic.start()

    breaking.__name__ = name
    row(words, code)(breaking)


shown("an authority that nobody trusts", "clinic.strange-authority", "stranger", "stranger")
shown("the clinic's certificate has expired", "clinic.certificate-expired", "expired", "expired")
shown("the clinic's certificate ends in 20 days", "clinic.certificate-ends", "ends", "soon")
shown("another host's certificate", "clinic.other-host", "other_host", "wrong-host")


@row("the clinic refuses the hub's certificate", "clinic.rejects-certificate")
def rejected(home):
    home.show("stranger")
    yield
    home.show("hub")


@row("the hub's certificate has expired", "clinic.own-certificate-expired")
def own_expired(home):
    home.show("expired")
    yield
    home.show("hub")


@row("the hub's certificate ends in 20 days", "clinic.own-certificate-ends")
def own_ends(home):
    home.show("hub-soon")
    yield
    home.show("hub")


@row("the token is refused", "clinic.rejects-us")
def token(home):
    secret = home.folder / "secret"
    secret.write_text("old\n")
    secret.chmod(0o600)
    home.clinic.ask("_trust", {"client": "hub-0042", "secret": "new"})
    home.daemon.add(f"[Clinic]\nTokenURL={home.clinic.url}token\nClientID=hub-0042\nClientSecretFile={secret}")
    home.daemon.reload()
    yield
    secret.write_text("new\n")
    home.daemon.reload()


@row("the password is refused", "clinic.rejects-us")
def password(home):
    secret = home.folder / "password"
    secret.write_text("old\n")
    secret.chmod(0o600)
    home.clinic.ask("_trust", {"user": "hub", "password": "new"})
    home.daemon.add(f"[Clinic]\nUser=hub\nPasswordFile={secret}")
    home.daemon.reload()
    yield
    secret.write_text("new\n")
    home.daemon.reload()


@row("a reading is in quarantine (422)", "clinic.refused-reading")
def quarantine(home):
    stamp = home.stamp()
    seconds = int((stamp - datetime(2000, 1, 1)).total_seconds())
    home.clinic.fault("poison", identifier=f"-150020-{seconds}")
    home.keep(131, stamp)
    eventually(lambda: "refused a reading" in home.daemon.log)
    # What is refused alone is set aside once another is taken.
    home.keep(132)
    eventually(lambda: home.daemon.status()["refused"] == 1)
    yield
    home.clinic.heal()
    [refusal] = [each for each in home.daemon.queue() if each["state"] == "refused"]
    home.daemon.ask("queue", "retry", str(refusal["id"]))
    eventually(lambda: home.daemon.status()["pending"] == 0 and home.daemon.status()["refused"] == 0)


# MARK: pairing


@row("a device that was ours is bound to nobody", "pairing.forgotten")
def forgotten(home):
    home.daemon.ask("unbind", home.cuff.address)
    home.cuff.is_on = True
    eventually(lambda: home.finding("pairing", "pairing.forgotten"), every=0.3)
    yield
    home.daemon.ask("bind", home.cuff.address, "--with-memory")
    home.measure(126)


@row("a neighbour's cuff is near", None)
def neighbour(home):
    stranger = Cuff("00:09:1F:00:00:77")
    stranger.is_on = True
    home.air.cuffs[stranger.address] = stranger
    eventually(lambda: home.finding("pairing", None, "neighbour"), every=0.3)
    yield


@row("the cuff wants to be paired", "pairing.not-paired")
def not_paired(home):
    answer = home.cuff.answer
    home.cuff.answer = lambda pdu: b"\x01\x12\x04\x00\x05" if pdu[0] == 0x12 else answer(pdu)
    home.cuff.is_on = True
    eventually(lambda: "wants to be paired" in home.daemon.log)
    yield
    home.cuff.answer = answer
    home.daemon.ask("bind", home.cuff.address, "--with-memory")
    home.restart()
    home.measure(126)


@row("the wrong PIN was typed", "pairing.rejected")
def wrong_pin(home):
    new = Cuff("00:09:1F:00:00:08", clock=home.cuff.clock)
    path = home.closed_journal()
    with sqlite3.connect(path) as journal:
        journal.execute(
            "INSERT INTO audit (recorded, user, action, device, successor, outcome) VALUES (?, 0, 'pair', ?, '', 'pairing.rejected')",
            (time.time_ns() // 1_000_000, f"bluetooth:{new.address}"))
    home.up()
    yield
    home.daemon.ask("bind", new.address, "--with-memory")
    home.air.cuffs[new.address] = new
    home.cuff = new
    home.measure(137)


@row("readings of a user slot of nobody's", "pairing.unassigned")
def unassigned(home):
    home.daemon.ask("unbind", home.cuff.address)
    home.daemon.ask("bind", home.cuff.address, "--user", "2", "--with-memory")
    home.keep(133)
    yield
    home.daemon.ask("bind", home.cuff.address, "--with-memory")
    [mine] = [str(each["id"]) for each in home.daemon.queue() if each["state"] == "unassigned"]
    home.daemon.ask("queue", "assign", mine, "--patient", "Patient/pt-4711")


# MARK: devices


@row("the cuff hangs", "device.silent")
def hanging(home):
    home.cuff.patience = 120
    home.cuff.is_stuck = True
    eventually(lambda: "stopped answering" in home.daemon.log, within=90)
    yield
    home.cuff.is_stuck = False
    home.measure(127)


@row("the cuff breaks its protocol", "device.lacking")
def lacking(home):
    attributes = home.cuff.attributes
    home.cuff.attributes = {handle: kept for handle, kept in attributes.items() if handle in (1, 5, 6)}
    home.cuff.is_on = True
    eventually(lambda: "the device lacks" in home.daemon.log)
    yield
    home.cuff.attributes = attributes
    home.restart()
    home.measure(127)


@row("the device has ended the daemon three times", "device.set-aside")
def set_aside(home):
    path = home.closed_journal()
    with sqlite3.connect(path) as journal:
        journal.execute("INSERT OR REPLACE INTO crumb VALUES (?, 3)", (f"bluetooth:{home.cuff.address}",))
    home.up()
    yield
    new = Cuff("00:09:1F:00:00:02", clock=home.cuff.clock)
    home.air.cuffs[new.address] = new
    assert home.daemon.ask("swap", home.cuff.address, new.address, "--with-memory") == "swapped\n"
    home.cuff = new
    home.measure(128)


@row("a measurement that was agreed did not come", "device.overdue")
def overdue(home):
    new = Cuff("00:09:1F:00:00:04", clock=home.cuff.clock)
    home.daemon.ask("bind", new.address, "--schedule", "twice a day", "--with-memory")
    with sqlite3.connect(home.closed_journal()) as journal:
        journal.execute("UPDATE binding SET agreed = agreed - 4 * 86400000 WHERE schedule IS NOT NULL")
    home.up()
    home.air.cuffs[new.address] = new
    home.cuff = new
    # It is in reach, and all that it has is three days old.
    home.keep(141, home.house_time().replace(microsecond=0) - timedelta(days=3))
    yield
    home.measure(142)


def low_battery(home):
    home.spot_check(95, low_battery=True)
    yield
    # The next visit is another, with fresh batteries.
    home.clock.set(1200, kept=True)
    home.wire.ahead += timedelta(seconds=1200)
    home.spot_check(95)


@row("the battery is low", "device.battery-low")
def battery(home):
    yield from low_battery(home)
    home.measure(129)


@row("the device's clock is two hours off", "device.clock-off")
def clock_off(home):
    # Its clock is read when it is plugged in.
    home.plug_again(ahead=timedelta(hours=2))
    home.spot_check(94)
    yield
    home.plug_again(ahead=-timedelta(hours=2))
    home.spot_check(94)


@row("the cuff's clock is years off and does not take the time", "device.clock-disobeys")
def clock_disobeys(home):
    home.cuff.clock = datetime(2021, 3, 1)
    for number in (134, 135, 136):
        home.keep(number)
        time.sleep(1)
    yield
    home.cuff.clock = home.house_time()
    home.measure(137)


@row("a device that was never heard", "device.never-heard")
def never_heard(home):
    new = Cuff("00:09:1F:00:00:03", clock=home.cuff.clock)
    home.daemon.ask("bind", new.address, "--with-memory")
    yield
    home.air.cuffs[new.address] = new
    home.cuff = new
    home.measure(138)


@row("a device that was not heard for ten days", "device.not-heard")
def not_heard(home):
    home.later(days=10)
    home.spot_check(93)
    yield
    home.measure(139)
    return TIME_TRAVEL


@row("a device that is in reach, but nobody measures", "device.nothing-measured")
def nothing_measured(home):
    home.later(days=10)
    home.spot_check(93)
    home.cuff.is_on = True
    eventually(lambda: home.code() != "device.not-heard", every=0.5)
    yield
    home.measure(139)
    return TIME_TRAVEL


@row("a device in reach that has told of nothing but its battery", "device.nothing-measured")
def battery_alone(home):
    new = Cuff("00:09:1F:00:00:05", "Cuff", clock=home.cuff.clock)
    new.has_battery(80)
    new.is_on = True
    before = home.total()
    home.daemon.ask("bind", new.address, "--with-memory")
    home.air.cuffs[new.address] = new
    home.cuff = new
    eventually(lambda: home.total() > before)
    yield
    home.measure(143)


@row("a device of which nothing could be read", "device.undecoded")
def unreadable(home):
    new = Cuff("00:09:1F:00:00:06", clock=home.cuff.clock)
    home.daemon.ask("bind", new.address, "--with-memory")
    home.air.cuffs[new.address] = new
    home.cuff = new
    with new.lock:
        new.memory.append(blood_pressure(144, 80, 60, home.stamp())[:9])
    eventually(lambda: not new.memory)
    yield
    home.measure(145)
    # What came stays, for whoever may read it one day.
    return {"device.undecoded"}
