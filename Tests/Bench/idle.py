"""What a hub costs of which nobody wants anything: wake-ups, processor time, and what a day of it writes to the card."""

import os
import pathlib
import time

import peers
from home import Daemon, Home

#: What the daemon does in a day by itself: a sign of life in 15 minutes, and every five minutes since when it has listened.
BEATS, NOTES = 24 * 4, 24 * 12


def idle(table, folder: pathlib.Path, quick: bool) -> None:
    seconds, watchdog = (10, 4) if quick else (60, 20)
    table.head(f"Idle: {seconds} s with the air open and nothing on it; the watchdog wants to hear within {watchdog} s")
    home = Home(folder)
    daemon = Daemon(folder, home.url, watchdog=watchdog)
    daemon.start()
    # It looks at the certificates after some seconds, and then once a day.
    time.sleep(8)
    daemon.manager.pings()
    switches, cpu = daemon.process.switches(), daemon.process.cpu()
    time.sleep(seconds)
    switches, cpu = daemon.process.switches() - switches, daemon.process.cpu() - cpu
    pings = daemon.manager.pings()
    table.row("context switches of all threads", switches, "", name=f"{pings} pings of the watchdog")
    table.row("    without the watchdog's", max(0, switches - pings), "", name="limit 0", aim="0", met=switches <= pings)
    table.row("processor time", cpu * 1000, "ms")
    daemon.stop()
    home.stop()
    day(table, folder / "day", quick)


def day(table, folder: pathlib.Path, quick: bool) -> None:
    """Signs of life one after the other, each with what is noted every five minutes, and each forced to the disk before the
    next: no two share a page that is written once."""
    receiver = peers.Receiver(folder / "receiver")
    at = receiver.folder
    daemon = Daemon(folder, receiver.url, f"AuthorityFile={at}/ca.pem\nCertificateFile={at}/hub.pem\nKeyFile={at}/hub.key")
    daemon.file.write_text(daemon.file.read_text().replace("Heartbeat=infinity", "Heartbeat=1s"))
    daemon.start()
    daemon.bind(0, 8)
    beats = lambda: receiver.counts()["transactions"]
    first, end = beats(), time.monotonic() + (10 if quick else 60)
    while beats() < first + 5 and time.monotonic() < end:
        time.sleep(0.1)
    written, before = daemon.process.written(), beats()
    while time.monotonic() < end:
        os.sync()
        time.sleep(0.2)
    written, count = daemon.process.written() - written, beats() - before
    table.head(f"An idle day on the card: {count} signs of life of a hub with 8 devices that are silent")
    if not count:
        table.note("no sign of life came")
    else:
        each = written / count
        table.row("disk written per sign of life", each, "bytes")
        table.row("    a day, 15 minutes apart, and a note every five", each * (BEATS + NOTES) / 1e6, "MB, at most")
    daemon.stop()
    receiver.stop()
