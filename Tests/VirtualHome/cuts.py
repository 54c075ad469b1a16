"""python -m VirtualHome.cuts: a home's power is cut again and again, on one disk, while its devices tell and its clinic flaps.

The disk is a cheap card (card.py): what the hub has not flushed is lost, or any part of it. The emulator ends by SIGKILL in a
moment that is drawn (moments.py), and boots on what is left. In the end each reading whose device saw it confirmed must be at
the clinic once. In between the card is looked at as if it had been cut (looks.py). Prints each cut, and the account; Ctrl-C
ends the cuts, and the account follows. `--lying-card` is the proof of the proof: a card that only says that it has flushed,
with which readings must be lost.
"""

import argparse
import contextlib
import logging
import pathlib
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter

from .agent import PowerCut
from .clinic import Clinic
from .home import Home, eventually
from .hub import BareHub, Hub
from .load import OBSERVED, Household, Taken, flapping
from .looks import Looks
from .moments import Moment
from .witness import journalled


class Cuts:
    """One home, one disk, and all that was done to it."""

    def __init__(self, folder: pathlib.Path, seed: int, bare: bool, say):
        self.chance, self.say, self.seed = random.Random(seed), say, seed
        self.home, self.clinic = Home(seed=seed, bare=bare), Clinic(folder)
        self.home.card.slowness = 0.05
        self.cuts = self.opened = 0
        self.wrong: list[str] = []
        self.mended: Counter[str] = Counter()
        self.spent: list[float] = []

    def begin(self) -> None:
        """The hub's first day, with a card that is as it should be."""
        self.home.boot()
        self.hub = (BareHub if self.home.is_bare else Hub)(self.home, self.clinic)
        self.hub.install(anew=True)
        self.household = Household(self.home, self.hub, self.chance)
        self.home.run("exec sync")
        self.home.cut_power()
        self.looks = Looks(self.home, self.household, random.Random(self.seed))
        self.say("three devices are paired")

    def boot(self, moment: Moment | None = None) -> None:
        """Boots on what is left, and starts the daemon; it has opened its journal when that returns."""
        said = len(self.hub.log)
        self.household.stock()
        self.home.boot()
        assert self.home.run("exec grep -q ' /state ext4' /proc/mounts").status == 0, "the disk could not be mounted"
        if self.household.cable.line:
            self.household.cable.line.forget()
        self.household.cable.insert()
        if moment:
            moment.arm()
        try:
            self.hub.install()
            self.opened += 1
            if moment:
                moment.ready()
        except PowerCut:
            pass
        if moment:
            moment.has_come.wait()
        self.mended.update(re.findall(r"the journal is damaged \((.*?)[;)]", self.hub.log[said:]))

    def cut(self) -> None:
        """One life of the hub, and its end."""
        began, moment = time.monotonic(), Moment(self.home, self.clinic, self.chance)
        before = len(self.household.acknowledged())
        try:
            with self.household.busy():
                self.boot(moment)
        finally:
            moment.disarm()
        left = self.home.cut_power()
        self.cuts += 1
        self.spent.append(time.monotonic() - began)
        acknowledged, looked = self.household.acknowledged(), self.looks.taken
        if missing := self.looks.judge():
            self.wrong.append(f"{missing} acknowledged readings were not on the disk at looks before cut {self.cuts}")
        self.say(f"cut {self.cuts:3} at {moment!s:22} {left:48} {len(acknowledged):4} acknowledged, "
                 f"{len(acknowledged) - before} of them new, {self.missing(acknowledged)}, {self.looks.taken - looked} looks, "
                 f"{self.spent[-1]:.0f} s")

    def missing(self, acknowledged: set[bytes]) -> str:
        """How many of the acknowledged are not in the journal on the disk, as SQLite alone reads it."""
        try:
            missing = len(acknowledged - journalled(self.home.disk))
        except sqlite3.DatabaseError as error:
            return f"SQLite alone: {error}"
        if missing:
            self.wrong.append(f"{missing} acknowledged readings were not on the disk after cut {self.cuts}")
        return f"{missing} of them not on the disk"

    def end(self) -> None:
        """The hub runs in peace until everything has been told and delivered."""
        # What is lost does not come by waiting.
        patience = 60 if self.home.card.lies else 300
        self.clinic.heal()
        self.boot()
        household = self.household
        with contextlib.suppress(AssertionError):
            eventually(lambda: household.is_empty, within=patience)
            line = household.cable.line
            eventually(lambda: line.converter == line.settings)
            # A serial device is not told what arrived. This one sends its memory again, and what is there already stays once.
            for spot_check in household.spot_checks:
                line.send(spot_check)
                time.sleep(0.05)
            self.hub.reload()
            eventually(lambda: not self.absent() and len(self.spots()) >= len(household.spot_checks), within=patience, pause=1)
        assert household.is_empty, f"devices still hold what they have to tell\n{self.hub.log[-3000:]}"

    def arrived(self) -> Counter:
        """How often what each device told is at the clinic."""
        found: Counter = Counter()
        for address, code in {(taken.address, taken.code) for taken in self.household.taken}:
            for reading in self.clinic.readings(code, address):
                found.update((address, code, tuple(sorted(known.items()))) for known in [{
                    key: value for key, value in reading.values.items() if key in OBSERVED[code]}])
        return found

    def absent(self) -> list[Taken]:
        arrived = self.arrived()
        return [taken for taken in self.household.taken if not arrived[taken.name]]

    def spots(self) -> list[tuple[float, float]]:
        """Saturation and pulse; the two come one after the other."""
        values = [[each["valueQuantity"]["value"] for each in self.clinic.observations(code)] for code in ("150456", "149530")]
        return sorted(zip(*values))

    def account(self) -> bool:
        """Prints what became of everything; whether it is as it should be."""
        household, arrived = self.household, self.arrived()
        acknowledged = household.acknowledged()
        lost = [taken for taken in household.taken if taken.record in acknowledged and not arrived[taken.name]]
        doubled = [taken for taken in household.taken if arrived[taken.name] > 1]
        spots, wanted = Counter(self.spots()), Counter(
            (50 + number % 50, 40 + number // 50) for number in range(len(household.spot_checks)))
        lost_spots, doubled_spots = wanted - spots, spots - wanted
        strangers = sum(arrived.values()) - sum(arrived[taken.name] for taken in household.taken)
        card = self.home.card
        print(f"{self.cuts} power cuts, seed {self.seed}: {len(acknowledged)} readings acknowledged, {len(lost)} lost, "
              f"{len(doubled)} doubled; {len(household.spot_checks)} of the cable, {lost_spots.total()} lost, "
              f"{doubled_spots.total()} doubled; {strangers} that nobody took")
        print(f"at {self.looks.taken} looks in between {self.looks.looked_for} acknowledged readings were looked for, "
              f"{self.looks.missing} missing, {len(self.looks.unreadable)} looks saw nothing {set(self.looks.unreadable) or ''}")
        print(f"the journal was opened {self.opened} times, mended {self.mended.total()} times {dict(self.mended) or ''}; "
              f"the disk saw {card.writes} writes and {card.flushes} flushes")
        if self.spent:
            print(f"{sum(self.spent) / len(self.spent):.0f} s a cut, {min(self.spent):.0f} to {max(self.spent):.0f}")
        print("\n".join(self.wrong))
        return bool(acknowledged) and not (lost or doubled or lost_spots or doubled_spots or strangers or self.wrong)

    def close(self) -> None:
        self.home.close()
        self.clinic.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="VirtualHome.cuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bare", action="store_true", help="a home without systemd and udev, which boots in half the time")
    parser.add_argument("--lying-card", action="store_true", help="flushes are answered and not done: readings must be lost")
    arguments = parser.parse_args()
    # Bumble lacks a command that the kernel asks for, and says so each time.
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f}  {line}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        cuts = Cuts(pathlib.Path(folder), arguments.seed, arguments.bare, say)
        try:
            cuts.begin()
            cuts.home.card.lies = arguments.lying_card
            with flapping(cuts.clinic, random.Random(arguments.seed)):
                try:
                    while cuts.cuts < arguments.cuts:
                        cuts.cut()
                except KeyboardInterrupt:
                    say("no more cuts")
            if cuts.home.is_up:
                cuts.home.cut_power()
            cuts.end()
        finally:
            try:
                is_right = hasattr(cuts, "household") and cuts.account()
            finally:
                cuts.close()
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
