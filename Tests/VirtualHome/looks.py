"""Power cuts that nobody boots from: what one would have left is copied, and the journal in the copy is read afterwards."""

import pathlib
import random
import sqlite3
import subprocess
import tempfile
from collections import Counter

from .card import check
from .home import Home
from .load import Household
from .product import program
from .witness import PATHS, journalled

#: How many are taken between two boots, at most, and of which share of all writes and flushes.
MOST, SHARE = 12, 0.08


class Looks:
    """Looks at the card before writes and flushes, and after flushes that are not answered yet, from its making on."""

    def __init__(self, home: Home, household: Household, chance: random.Random):
        self._home, self._household, self._chance = home, household, chance
        self._waiting: list[tuple[set[bytes], pathlib.Path]] = []
        self.taken = self.looked_for = self.missing = 0
        #: What SQLite alone could make nothing of, and the daemon's own opening could.
        self.mended: Counter[str] = Counter()
        home.card.watchers.append(self._look)

    def _look(self, _what: str) -> None:
        if self._chance.random() < SHARE and len(self._waiting) < MOST:
            # In this order: who saw a confirmation before the cut may count on what is there after it.
            acknowledged = self._household.acknowledged()
            copy = self._home.shared / f"look-{len(self._waiting):02}"
            if self._home.card.picture(copy):
                self._waiting.append((acknowledged, copy))

    def judge(self) -> list[str]:
        """What was wrong in those since the last time: acknowledged readings that are missing, or nothing to be read at all."""
        wrong = []
        for acknowledged, copy in self._waiting:
            self.taken += 1
            self.looked_for += len(acknowledged)
            try:
                check(copy)
                if lost := acknowledged - self.read(copy):
                    self.missing += len(lost)
                    wrong.append(f"{len(lost)} acknowledged readings were not on the disk: "
                                 + ", ".join(value.hex() for value in sorted(lost)))
                    self._show(copy, wrong[-1])
            except AssertionError as error:
                wrong.append(f"nothing could be read: {error}")
                self._show(copy, wrong[-1])
            for file in copy.parent.glob(f"{copy.name}*"):
                file.unlink()
        self._waiting = []
        return wrong

    def read(self, disk: pathlib.Path) -> set[bytes]:
        """The bytes of every reading on a disk whose file system is whole; AssertionError where nobody can read its journal."""
        try:
            return journalled(disk)
        except sqlite3.DatabaseError as error:
            found = opened(disk)
            self.mended[str(error)] += 1
            return found

    def _show(self, copy: pathlib.Path, wrong: str) -> None:
        """The card as it was, but for its file system's repair, stays for whoever has to find out why."""
        if self._home.card.lies:
            return
        evidence = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-look-"))
        for file in copy.parent.glob(f"{copy.name}*"):
            subprocess.run(["cp", "--sparse=always", file, evidence], check=True)
        (evidence / "wrong").write_text(f"{wrong}\n")
        print(f"what is wrong with the card lies in {evidence}")


def opened(disk: pathlib.Path) -> set[bytes]:
    """The bytes of every reading that the daemon's own opening finds in the journal on a disk; see Tests/PowerCuts."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["debugfs", "-R", f"rdump /vitalsd {folder}", disk], capture_output=True, env=PATHS, check=True)
        said = subprocess.run(
            program().with_name("vitalsd-cuts"), input=f"{folder}/vitalsd\n", capture_output=True, text=True, check=False).stdout
    verdict, _, rows = said.rstrip("\n").partition("\t")
    assert verdict and not verdict.startswith("fault: "), verdict or "the opening of a journal ended the program"
    return {bytes.fromhex(row.partition(":")[0]) for row in rows.split()}
