"""Queues under SIGKILL: what a device was told has arrived and never did, and what arrived twice. vitalsd beside a plain
queue in SQLite, mosquitto and rsyslog, where they are installed.

    queues.py [--quick] [--seed SEED] [--directory DIRECTORY]

Each gets the same readings, one every 20 ms at most, from a device that forgets one only when it is acknowledged, and is killed
as often and at the same moments after it was ready. By chance nobody takes what it sends on in half of the rounds; that changes
only while it is dead, so that what is lost is lost by the kill. In the end it runs in peace until no more comes.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta

import home
import queue_peers
from queue_parts import PACE, Clinic, Queue

sys.path.append(str(pathlib.Path(__file__).parent.parent / "EndToEnd"))
from far_ends import Air, Cuff, blood_pressure  # noqa: E402

#: Seconds from when it is ready to the kill, at most; and those without news after which what is missing is lost.
LONGEST, QUIET = 0.6, 15
ROW = "{:<48} {:<18} {:>12} {:>6} {:>8} {:>11}"


class Ours(Queue):
    """The daemon on a simulated air, over TLS to the tests' FHIR server."""

    name, told, program = "vitalsd", "confirmed over ATT", home.VITALSD

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        self.sink = Clinic(folder)
        at = self.sink.receiver.folder
        self.daemon = home.Daemon(
            folder, self.sink.receiver.url,
            f"AuthorityFile={at}/ca.pem\nCertificateFile={at}/hub.pem\nKeyFile={at}/hub.key")
        self.cuff = Cuff(home.address(0), clock=datetime(2019, 3, 1))
        self.cuff.on_confirmation = lambda: time.sleep(PACE)
        self.air = Air(str(folder / "air"), [self.cuff])

    def prepare(self) -> None:
        self.daemon.bind(0, 1)

    def start(self) -> None:
        self.daemon.start()
        self.process = self.daemon.popen

    def stop(self) -> None:
        super().stop()
        self.air.close()

    def measure(self, readings: range) -> None:
        with self.cuff.lock:
            self.cuff.memory += [
                blood_pressure(100 + n % 150, 40 + n // 150, 60, datetime(2019, 2, 1) + timedelta(minutes=n)) for n in readings]

    def state(self) -> tuple[bool, list[int]]:
        return not self.cuff.memory, [r[1] - 100 + 150 * (r[3] - 40) for r in list(self.cuff.acknowledged)]


QUEUES = [
    Ours, queue_peers.Plain, queue_peers.PlainConditional, queue_peers.PlainEarly, queue_peers.Mosquitto,
    queue_peers.MosquittoHalfHourly, queue_peers.Rsyslog, queue_peers.RsyslogAssisted]


def play(queue: Queue, kills: int, each: int, seed: int) -> None:
    """So many readings for each round, which ends with a kill; and then peace."""
    chance = random.Random(seed)
    queue.prepare()
    for turn in range(kills):
        queue.sink.away(chance.random() < 0.5)
        queue.measure(range(turn * each, (turn + 1) * each))
        queue.start()
        time.sleep(chance.uniform(0, LONGEST))
        queue.kill()
        # What is on its way out of a dead process still arrives.
        time.sleep(0.1)
    queue.sink.away(False)
    queue.start()
    settle(queue)


def settle(queue: Queue) -> None:
    """Returns when all that was acknowledged is there and no more comes, or nothing has changed for long."""
    before, changed, end = None, time.monotonic(), time.monotonic() + 120
    while time.monotonic() < end:
        is_told, acknowledged = queue.state()
        kept = queue.sink.kept()
        now = is_told, len(acknowledged), sum(kept.values())
        if now != before:
            before, changed = now, time.monotonic()
        complete = is_told and not set(acknowledged) - set(kept)
        if time.monotonic() - changed > (2 if complete else QUIET):
            return
        time.sleep(0.2)


def queues(table, folder: pathlib.Path, quick: bool, seed: int = 1) -> None:
    kills, each = (6, 12) if quick else (20, 15)
    table.head(f"Under SIGKILL, beside other queues: {kills} kills and {kills * each} readings each, seed {seed}")
    table.note("lost: acknowledged, and never where it was sent; doubled: kept there more than once; sent twice: came there")
    table.note("whole more than once, whatever was kept")
    table.note(ROW.format("queue", "acknowledged by", "acknowledged", "lost", "doubled", "sent twice"))
    for index, kind in enumerate(QUEUES):
        if not kind.is_installed():
            table.note(f"{kind.name}: not installed: make bench-peers")
            continue
        queue = kind(folder / str(index))
        try:
            play(queue, kills, each, seed)
            told, kept, sent = queue.state()[1], queue.sink.kept(), queue.sink.sent()
            doubled, again = (sum(times > 1 for times in counts.values()) for counts in (kept, sent))
            table.note(ROW.format(kind.name, kind.told, len(told), len(set(told) - set(kept)), doubled, again))
        except (OSError, subprocess.SubprocessError) as error:
            table.note(f"{kind.name}: not measured: {error}")
        finally:
            queue.stop()


def main() -> None:
    from bench import Table

    words = argparse.ArgumentParser()
    words.add_argument("--quick", action="store_true", help="fewer kills")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--directory", default="/var/tmp", help="on the disk that matters")
    words = words.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="queues-", dir=words.directory))
    try:
        queues(Table(), folder, words.quick, words.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
