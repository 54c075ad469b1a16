"""Power cuts that nobody boots from: what one would have left is copied, and the journal in the copy is read afterwards."""

import pathlib
import random
import sqlite3
import subprocess
import tempfile

from .home import Home
from .load import Household
from .witness import kept

#: How many are taken between two boots, at most, and of which share of all writes and flushes.
MOST, SHARE = 12, 0.08


class Looks:
    """Looks at the card before writes and flushes, and after flushes that are not answered yet, from its making on."""

    def __init__(self, home: Home, household: Household, chance: random.Random):
        self._home, self._household, self._chance = home, household, chance
        self._waiting: list[tuple[set[bytes], pathlib.Path]] = []
        self.taken = self.looked_for = self.missing = 0
        #: What neither e2fsck nor SQLite could make anything of, though the daemon might.
        self.unreadable: list[str] = []
        home.card.watchers.append(self._look)

    def _look(self, _what: str) -> None:
        if self._chance.random() < SHARE and len(self._waiting) < MOST:
            # In this order: who saw a confirmation before the cut may count on what is there after it.
            acknowledged = self._household.acknowledged()
            copy = self._home.shared / f"look-{len(self._waiting):02}"
            if self._home.card.picture(copy):
                self._waiting.append((acknowledged, copy))

    def judge(self) -> int:
        """How many acknowledged readings were missing in those since the last time."""
        before = self.missing
        for acknowledged, copy in self._waiting:
            self.taken += 1
            self.looked_for += len(acknowledged)
            try:
                if lost := acknowledged - kept(copy):
                    self.missing += len(lost)
                    self._show(copy, lost)
            except (AssertionError, sqlite3.DatabaseError) as error:
                self.unreadable.append(str(error))
            for file in copy.parent.glob(f"{copy.name}*"):
                file.unlink()
        self._waiting = []
        return self.missing - before

    def _show(self, copy: pathlib.Path, lost: set[bytes]) -> None:
        """The card as it was, but for its file system's repair, stays for whoever has to find out why."""
        evidence = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-look-"))
        for file in copy.parent.glob(f"{copy.name}*"):
            subprocess.run(["cp", "--sparse=always", file, evidence], check=True)
        (evidence / "missing").write_text("".join(f"{value.hex(' ')}\n" for value in sorted(lost)))
        print(f"{len(lost)} acknowledged readings are not on the card in {evidence}")
