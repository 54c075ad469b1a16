"""python -m VirtualHome.cuts: a home's power is cut again and again, on one disk, while its devices tell and its clinic flaps.

The disk is a cheap card (card.py): what the hub has not flushed is lost, or any part of it. The emulator ends by SIGKILL in a
moment that is drawn (moments.py), and boots on what is left. In the end each reading whose device saw it confirmed must be at
the clinic once, and so must each of a device that is told nothing, if it was on the card after a cut. In between the card is
looked at as if it had been cut (looks.py). Prints each cut, and the account; Ctrl-C ends the cuts, and the account follows.

`--lying-card` is the proof of the proof: a card that only says that it has flushed. It ends with the first cut by which
readings whose devices saw them confirmed are missing on it, and well only then.
"""

import argparse
import logging
import pathlib
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from EndToEnd.far_ends import nonin_format_13

from .agent import PowerCut
from .clinic import Clinic
from .home import Home, eventually
from .hub import BareHub, Hub
from .load import OBSERVED, Household, flapping, spot
from .looks import Looks
from .moments import Moment

#: A spot check that comes after all others: what was said before it has been read once it is at the clinic.
MARK = 99, 200


class Cuts:
    """One home, one disk, and all that was done to it."""

    def __init__(self, folder: pathlib.Path, seed: int, bare: bool, say):
        self.chance, self.say, self.seed = random.Random(seed), say, seed
        self.home, self.clinic = Home(seed=seed, bare=bare), Clinic(folder)
        self.home.card.slowness = 0.05
        self.cuts = self.opened = self.missing = 0
        #: Spot checks that were on the card after a cut; and how many of them were not at the clinic in the end, once known.
        self.safe: set[bytes] = set()
        self.lost_spots: int | None = None
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
            self.home.await_open("/dev/ttyUSB0")
            self.household.is_heard = True
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
        self.wrong += [f"at a look before cut {self.cuts} {wrong}" for wrong in self.looks.judge()]
        self.say(f"cut {self.cuts:3} at {moment!s:22} {left:48} {len(acknowledged):4} acknowledged, "
                 f"{len(acknowledged) - before} of them new, {self.look(acknowledged)}, {self.looks.taken - looked} looks, "
                 f"{self.spent[-1]:.0f} s")

    def look(self, acknowledged: set[bytes]) -> str:
        """How many of the acknowledged are not in the journal on the disk; remembers the spot checks that are."""
        try:
            found = self.looks.read(self.home.disk)
        except AssertionError as error:
            self.wrong.append(f"nobody could open the journal after cut {self.cuts}: {error}")
            return "nobody can open the journal"
        # What the machine had not flushed is there as surely as the rest, once it is there after the cut.
        self.safe |= found.intersection(self.household.spot_checks)
        if missing := len(acknowledged - found):
            self.missing += missing
            self.wrong.append(f"{missing} acknowledged readings were not on the disk after cut {self.cuts}")
        return f"{missing} of them not on the disk"

    def end(self) -> None:
        """The hub runs in peace until everything has been told and delivered."""
        self.clinic.heal()
        self.boot()
        household, line = self.household, self.household.cable.line
        self.wait("devices have told everything", lambda: household.is_empty)
        self.hub.reload()
        self.wait("nothing waits", lambda: self.hub.pending() == 0)
        # Before anything is said twice: what is at the clinic now came from the card.
        there = set(self.spots())
        self.lost_spots = sum(
            spot(number) not in there for number, each in enumerate(household.spot_checks) if each in self.safe)
        # A serial device is not told what arrived. This one sends its memory again, and what is there already stays once.
        self.wait("the line is set", lambda: line.converter == line.settings)
        for spot_check in [*household.spot_checks, nonin_format_13(*MARK, datetime(2026, 11, 19, 23, 59))]:
            line.send(spot_check)
            time.sleep(0.05)
        self.wait("the mark is there", lambda: any(
            each["valueQuantity"]["value"] == MARK[1] for each in self.clinic.observations("149530")))
        # And then a double that is on its way, too.
        self.wait("nothing waits", lambda: self.hub.pending() == 0)

    def wait(self, until: str, condition: Callable[[], bool]) -> None:
        try:
            eventually(condition, within=300, pause=1)
        except AssertionError as error:
            raise AssertionError(f"until {until}: {error}\n{self.hub.log[-3000:]}") from None

    def arrived(self) -> Counter:
        """How often what each device told is at the clinic."""
        found: Counter = Counter()
        for address, code in {(taken.address, taken.code) for taken in self.household.taken}:
            for reading in self.clinic.readings(code, address):
                found.update((address, code, tuple(sorted(known.items()))) for known in [{
                    key: value for key, value in reading.values.items() if key in OBSERVED[code]}])
        return found

    def spots(self) -> list[tuple[float, float]]:
        """Saturation and pulse; the two come one after the other."""
        values = [[each["valueQuantity"]["value"] for each in self.clinic.observations(code)] for code in ("150456", "149530")]
        return sorted(zip(*values, strict=True))

    def account(self) -> bool:
        """Prints what became of everything; whether it is as it should be."""
        household, arrived = self.household, self.arrived()
        acknowledged = household.acknowledged()
        lost = [taken for taken in household.taken if taken.record in acknowledged and not arrived[taken.name]]
        doubled = [taken for taken in household.taken if arrived[taken.name] > 1]
        spots, wanted = Counter(self.spots()), Counter([MARK, *map(spot, range(len(household.spot_checks)))])
        absent_spots, doubled_spots = wanted - spots, spots - wanted
        strangers = sum(arrived.values()) - sum(arrived[taken.name] for taken in household.taken)
        card = self.home.card
        print(f"{self.cuts} power cuts, seed {self.seed}: {len(acknowledged)} readings acknowledged, {len(lost)} lost, "
              f"{len(doubled)} doubled; {strangers} that nobody took")
        print(f"of the cable, which nobody tells what is safe, {len(self.safe)} were on the card after a cut, "
              f"{'not looked for' if self.lost_spots is None else self.lost_spots} lost; all {len(household.spot_checks)} "
              f"were sent again in peace, {absent_spots.total()} absent then, {doubled_spots.total()} doubled")
        print(f"at {self.looks.taken} looks in between {self.looks.looked_for} acknowledged readings were looked for, "
              f"{self.looks.missing} missing; journals that SQLite alone could not read and the daemon's own opening could: "
              f"{dict(self.looks.mended) or 0}")
        print(f"the journal was opened {self.opened} times, mended {self.mended.total()} times {dict(self.mended) or ''}; "
              f"the disk saw {card.writes} writes and {card.flushes} flushes")
        if self.spent:
            print(f"{sum(self.spent) / len(self.spent):.0f} s a cut, {min(self.spent):.0f} to {max(self.spent):.0f}")
        print("\n".join(self.wrong))
        # Where nothing was looked for, nothing is proven.
        return bool(acknowledged and self.safe and self.looks.looked_for and self.lost_spots == 0) and not (
            lost or doubled or absent_spots or doubled_spots or strangers or self.wrong)

    @property
    def is_caught(self) -> bool:
        """Whether acknowledged readings were seen to be missing on the card."""
        return bool(self.missing or self.looks.missing)

    def show_lie(self) -> bool:
        """Prints what a card that lies has lost; whether it was caught."""
        print(f"a card that only says that it has flushed, seed {self.seed}: at {self.looks.taken} looks until cut {self.cuts} "
              f"{self.looks.missing} of {self.looks.looked_for} acknowledged readings were missing, and {self.missing} of "
              f"{len(self.household.acknowledged())} after cuts: "
              f"{'so this proof can fail' if self.is_caught else 'THE PROOF CANNOT FAIL'}")
        return self.is_caught

    def close(self) -> None:
        self.home.close()
        self.clinic.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="VirtualHome.cuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bare", action="store_true", help="a home without systemd and udev, which boots in half the time")
    parser.add_argument("--lying-card", action="store_true", help="flushes are answered and not done: readings must be missing")
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
                    while cuts.cuts < arguments.cuts and not (arguments.lying_card and cuts.is_caught):
                        cuts.cut()
                except KeyboardInterrupt:
                    say("no more cuts")
            if cuts.home.is_up:
                cuts.home.cut_power()
            if not arguments.lying_card:
                cuts.end()
        finally:
            try:
                is_right = hasattr(cuts, "household") and (cuts.show_lie() if arguments.lying_card else cuts.account())
            finally:
                cuts.close()
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
