"""Measures vitalsd and prints one table: figure, peer or limit, ratio, aim, and whether the aim is met.

    bench.py [--quick] [--directory DIRECTORY]

DIRECTORY must lie on the disk that matters; a folder of its own is made there and removed. Nothing here fails because
something was slow: figures are for people. VITALSD and VITALSD_BENCH name the two programs; THEENGS_PYTHON may name a
Python that has TheengsGateway.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from decoders import decoders
from drain import drain
from home import BENCH, VITALSD, Daemon, Home, library, stolen
from idle import idle
from queues import queues


class Table:
    """Prints each row as soon as it is known."""

    FORM = "{:<46} {:>14}  {:<36} {:>7}  {:<14} {}"

    def __init__(self):
        print(self.FORM.format("what", "vitalsd", "peer or limit", "ratio", "aim", "met"))

    def head(self, text: str) -> None:
        print(f"\n{text}")

    def note(self, text: str) -> None:
        print(f"    {text}", flush=True)

    def row(self, what, figure, unit="", peer=None, name="", aim="", met=None):
        """`peer` is a figure of `name` in the same unit; `met` is None where there is no aim, or nothing to judge it by."""
        ratio = f"{figure / peer:.2f}" if peer else ""
        beside = f"{number(peer)} {unit} {name}".strip() if peer else name
        verdict = "" if met is None else "yes" if met else "NO"
        print(self.FORM.format(what, f"{number(figure)} {unit}".strip(), beside, ratio, aim, verdict), flush=True)


def number(value: float) -> str:
    if value == 0 or value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def figures(command: list, **more) -> list[list[str]]:
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout
    return [line.split("\t") for line in output.splitlines()]


def decode(table: Table, folder: pathlib.Path, quick: bool) -> None:
    table.head("Decode: one record, bytes to reading (best of many rounds; every call of the allocator counted)")
    environment = dict(os.environ)
    if counter := library("allocations", folder):
        environment["LD_PRELOAD"] = str(counter)
    for _, name, nanoseconds, allocations in figures([BENCH, "decode", "2" if quick else "12"], env=environment):
        table.row(name, float(nanoseconds), "ns", 50, "limit", "< 50 ns", float(nanoseconds) < 50)
        if allocations == "?":
            table.note("allocations not counted: no C compiler")
        else:
            table.row("", float(allocations), "allocations", name="limit 0", aim="0", met=float(allocations) == 0)


def commits(table: Table, folder: pathlib.Path, quick: bool) -> None:
    table.head("Commits: readings kept durably, beside plain SQLite with as many INSERTs per commit on the same disk")
    place = folder / "commits"
    place.mkdir()
    rows = figures([BENCH, "commits", place, "12" if quick else "60"])
    shutil.rmtree(place)
    disk = next(float(row[1]) for row in rows if row[0] == "fdatasync")
    plain = {int(row[1]): (float(row[2]), float(row[3])) for row in rows if row[0] == "plain"}
    table.row("this disk: 1 KiB appended and fdatasync", disk, "/s")
    table.row("plain SQLite, one INSERT per commit", plain[1][0], "/s", disk, "fdatasync")
    for row in rows:
        if row[0] == "journal":
            batch, rate, each = int(row[1]), float(row[2]), float(row[3])
            beside, written = plain[batch]
            name = f"plain SQLite, {batch} a commit"
            table.row(f"journal: commits of {batch}", rate, "/s", beside, name)
            table.row("    readings kept", rate * batch, "/s", beside * batch, name)
            table.row("    written per reading", each, "bytes", written, name)


def line(table: Table, folder: pathlib.Path, quick: bool) -> None:
    table.head("The whole line: bytes from a cuff to the clinic's receipt on disk, every reading durable before the cuff's "
               "confirmation")
    readings = 1500 if quick else 6000
    theengs = peers.theengs(folder, readings)
    if theengs:
        table.note(f"peer: TheengsGateway with mosquitto, default settings, measured now: {theengs['count']} advertisements "
                   "of a Xiaomi")
        table.note("scale through its detection_callback, QoS 0, to a subscriber; nothing durable; it drops the scale's own "
                   "time")
    else:
        theengs = peers.RECORDED
        table.note("peer: TheengsGateway or mosquitto is not installed (THEENGS_PYTHON=…); its figures are those recorded "
                   "with 1.8.0 and")
        table.note(f"mosquitto 2.0.11 on another machine, of two cores: {theengs['rate']:.0f} readings/s, not durable, "
                   f"{theengs['peak']:.0f} MB; nothing is compared with them")
    for devices, records in [(1, 200 if quick else 1000), (64, 20 if quick else 100), (256, 5 if quick else 40)]:
        burst(table, folder / f"line-{devices}", devices, records, theengs)
    return theengs


def burst(table: Table, folder: pathlib.Path, devices: int, records: int, theengs: dict) -> None:
    home = Home(folder)
    daemon = Daemon(folder, home.url)
    daemon.start()
    daemon.bind(0, devices)
    time.sleep(0.5)
    total = devices * records
    written, cpu, threads = daemon.process.written(), daemon.process.cpu(), daemon.process.cpu_by_thread()
    away = stolen()
    run = home.go(0, devices, records)
    accepted, waiting, settled = settle(daemon, total)
    away = stolen() - away
    used, threads = daemon.process.cpu() - cpu, {
        name: seconds - threads.get(name, 0) for name, seconds in daemon.process.cpu_by_thread().items()}
    written = daemon.process.written() - written
    elapsed = (settled - run["begun"]) / 1000
    kept = (run["confirmed"] - run["begun"]) / 1000
    title = f"{devices} device{'s' if devices > 1 else ''} × {records} records"
    beside = against(theengs, "rate", "/s", ", not durable")
    table.row(
        title, total / elapsed, "/s", **beside, aim="10 × Theengs",
        met=total / elapsed >= 10 * theengs["rate"] if "peer" in beside else None)
    table.row("    confirmed to the devices", total / kept, "/s")
    table.row("    disk written per reading", written / total, "bytes")
    table.row("    journal per reading afterwards", daemon.size() / total, "bytes")
    table.row("    peak resident memory", daemon.process.status("VmHWM") / 1024, "MB")
    busiest = ", ".join(f"{name} {seconds / elapsed:.0%}" for name, seconds in sorted(threads.items()))
    table.note(f"{elapsed:.2f} s; daemon {used / elapsed:.0%} of one processor ({busiest}), {used / total * 1e6:.0f} µs per "
               f"reading; far ends {run['cpu'] / elapsed:.0%}")
    table.note(f"{run['requests']:.0f} requests; {accepted} receipts, {waiting} waiting; the hypervisor took "
               f"{away / elapsed:.0%} of a processor for others")
    again = []
    for _ in range(5):
        daemon.kill()
        again.append(daemon.start() * 1000)
    middle = statistics.median(again)
    table.row("    READY with this journal, killed before", middle, "ms", 50, "limit", "50 ms", middle < 50)
    table.note(f"median of five; the slowest {max(again):.0f} ms")
    daemon.stop()
    home.stop()


def against(theengs: dict, figure: str, unit: str, more: str = "") -> dict:
    """What a row says of Theengs. No ratio where its figure is another machine's."""
    if "elsewhere" in theengs:
        return {"name": f"{number(theengs[figure])} {unit} Theengs, recorded elsewhere"}
    return {"peer": theengs[figure], "name": f"Theengs{more}"}


def settle(daemon: Daemon, expected: int) -> tuple[int, int, int]:
    """Waits until every receipt is on disk."""
    end = time.monotonic() + 60
    while True:
        accepted, waiting, last = daemon.receipts()
        if accepted >= expected and waiting == 0 or time.monotonic() > end:
            return accepted, waiting, last
        time.sleep(0.05)


def alone(table: Table, folder: pathlib.Path, quick: bool) -> None:
    table.head("One reading alone: a cuff that was met before says one record; the receipt is awaited before the next")
    home = Home(folder)
    daemon = Daemon(folder, home.url)
    daemon.start()
    count = 5 if quick else 20
    daemon.bind(0, count)
    time.sleep(0.5)
    first, _ = one_by_one(daemon, home, count, 0)
    written, runs = one_by_one(daemon, home, count, count)
    times = [run["answered"] - run["begun"] for run in runs]
    confirmations = [run["confirmed"] - run["begun"] for run in runs]
    table.row("disk written per reading, receipt included", written, "bytes")
    table.row("    at a cuff's first visit", first, "bytes")
    table.row("connected to confirmed, median", statistics.median(confirmations), "ms")
    table.row("connected to the clinic's answer, median", statistics.median(times), "ms")
    daemon.stop()
    home.stop()


def one_by_one(daemon: Daemon, home: Home, count: int, before: int) -> tuple[float, list[dict]]:
    """The bytes written for each of so many readings, and what the home says of them."""
    time.sleep(1)
    written, runs = daemon.process.written(), []
    for index in range(count):
        runs.append(home.go(index, 1, 1))
        settle(daemon, before + index + 1)
    time.sleep(1)
    return (daemon.process.written() - written) / count, runs


def memory(table: Table, folder: pathlib.Path, theengs: dict, quick: bool) -> None:
    table.head("Memory: the daemon over TLS, after a burst")
    receiver = peers.Receiver(folder / "receiver")
    home = Home(folder)
    floor = peers.floor(receiver)
    at = receiver.folder
    credentials = f"AuthorityFile={at}/ca.pem\nCertificateFile={at}/hub.pem\nKeyFile={at}/hub.key"
    daemon = Daemon(folder, receiver.url, credentials)
    daemon.start()
    ready = daemon.process.status("VmRSS") / 1024
    devices, records = (16, 5) if quick else (64, 20)
    daemon.bind(0, devices)
    home.popen.stdin.write(f"go 0 {devices} {records}\n")
    home.popen.stdin.flush()
    settle(daemon, devices * records)
    peak = daemon.process.status("VmHWM") / 1024
    table.row("resident when READY", ready, "MB", 12, "limit", "12 MB", ready <= 12)
    table.row("peak resident (VmHWM)", peak, "MB", 12, "limit", "12 MB", peak <= 12)
    table.row("    beside Theengs", peak, "MB", **against(theengs, "peak", "MB"))
    anonymous = daemon.process.status("RssAnon") / 1024
    table.row("    of it the daemon's own (RssAnon, now)", anonymous, "MB")
    if floor:
        table.row("    beside its libraries alone", peak, "MB", floor[0], "bare C, one TLS request")
        table.row("    beside their RssAnon", anonymous, "MB", floor[1], "bare C, one TLS request")
        table.row("    the daemon without its libraries", peak - floor[0], "MB", 12, "limit", "12 MB", peak - floor[0] <= 12)
    daemon.stop()
    home.stop()
    receiver.stop()


def ready(table: Table, folder: pathlib.Path, quick: bool) -> None:
    table.head("From exec to READY=1")
    for title, keeps in [("first start, no journal", False), ("with an almost empty journal", True)]:
        times = []
        for turn in range(5 if quick else 20):
            daemon = Daemon(folder / ("kept" if keeps else f"new-{turn}"), "http://127.0.0.1:9/")
            if keeps and turn == 0:
                daemon.start()
                daemon.stop()
            times.append(daemon.start() * 1000)
            daemon.stop()
        middle = statistics.median(times)
        table.row(f"{title}, median of {len(times)}", middle, "ms", 50, "limit", "50 ms", middle < 50)


def binary(table: Table, folder: pathlib.Path) -> None:
    table.head("The program")
    stripped = folder / "stripped"
    subprocess.run(["strip", "-o", stripped, shutil.which(VITALSD) or VITALSD], check=True)
    size = stripped.stat().st_size / 1e6
    table.row("static binary, stripped", size, "MB", 16, "limit", "< 16 MB", size < 16)


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--quick", action="store_true", help="shorter, and noisier")
    words.add_argument("--directory", default="/var/tmp", help="on the disk that matters")
    words = words.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    try:
        load = os.getloadavg()[0]
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True).stdout.strip()
        print(f"{os.cpu_count()} processors, load {load:.1f} before the start; disk: {kind}\n")
        table = Table()
        binary(table, folder)
        decode(table, folder, words.quick)
        decoders(table, folder, words.quick)
        ready(table, folder / "ready", words.quick)
        commits(table, folder, words.quick)
        theengs = line(table, folder, words.quick)
        alone(table, folder / "alone", words.quick)
        memory(table, folder / "memory", theengs, words.quick)
        drain(table, folder / "drain", words.quick)
        queues(table, folder / "queues", words.quick)
        idle(table, folder / "idle", words.quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
