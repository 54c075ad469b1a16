"""python -m VirtualHome.broken [ROW …]: homes in which one thing is broken, in the machine, with the installed package.

One after the other is broken, `vitalsd diagnose` is asked, the remedy is done, and it is asked again. Prints each verdict, and
how many were right and cleared. With names, only those rows.
"""

import contextlib
import json
import logging
import pathlib
import sys
import tempfile
import time
import traceback

from broken_homes import ROWS

from . import product
from .broken_rows import HERE_ONLY, INSTEAD, NOT_HERE, SETTLES
from .home import Home
from .household import Household, patiently

LAYERS = {"device": 10, "pairing": 20, "hub": 30, "network": 40, "clinic": 50}


def rows(named: list[str]):
    """(name, words, code, breaking): EndToEnd's, some of them broken in another way here, and those of a machine with a radio."""
    of_both = [(row.id, *row.values) for row in ROWS if row.id not in NOT_HERE]
    all = [(name, words, code, INSTEAD.get(name, breaking)) for name, words, code, breaking in of_both]
    all += [(breaking.__name__, words, code, breaking) for words, code, breaking in HERE_ONLY]
    if unknown := set(named) - {name for name, *_ in all}:
        sys.exit(f"no row {', '.join(sorted(unknown))}; there are {', '.join(name for name, *_ in all)}")
    # What moves the clock comes last: devices remember it.
    all.sort(key=lambda row: "clock" in row[0] or row[0] in ("battery", "not_heard", "nothing_measured"))
    return [row for row in all if not named or row[0] in named]


class Asked:
    """What `vitalsd diagnose` said, and how long that took."""

    def __init__(self, household: Household):
        began = time.monotonic()
        answer = household.diagnose("--json", "--lang", "en")
        self.took = time.monotonic() - began
        self.report, self.status = json.loads(answer.stdout), answer.returncode
        verdict = self.report["verdict"]
        self.code = verdict and verdict["code"]

    def is_right(self, code: str | None) -> bool:
        """The cause, the layer, and the exit status."""
        layer = code and code.partition(".")[0]
        verdict = self.report["verdict"]
        return (self.code == code and (not verdict or verdict["layer"] == layer)
                and self.status == self.report["status"] == (LAYERS[layer] if code else 0))


def play(household: Household, code: str | None, breaking) -> tuple[bool, str]:
    """Breaks it, asks, mends it, asks again."""
    broken = breaking(household)
    next(broken)
    asked = Asked(household)
    said = f"{asked.code or 'all is well'}, exit status {asked.status}, {asked.took:.1f} s"
    if not asked.is_right(code):
        print(json.dumps(asked.report["findings"], indent=1))
        said += f"; wanted {code}"
    allowed = set()
    try:
        next(broken)
    except StopIteration as end:
        allowed = end.value or set()
    try:
        patiently(lambda: (household.code() or "") in allowed | {""}, every=1)
    except AssertionError:
        return False, f"{said}; NOT CLEARED: {household.diagnose('--lang', 'en').stdout}"
    return asked.is_right(code), f"{said}, cleared"


def main(named: list[str]) -> int:
    began = time.monotonic()
    # Bumble lacks a command that the kernel asks for, and says so each time.
    logging.disable(logging.WARNING)

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f}  {line}", flush=True)

    table, home = [], Home(product.package())
    try:
        home.boot()
        say(f"{product.package().name} is installed; the unit's exposure is {product.exposure()}")
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(Household(home, pathlib.Path(folder))) as household:
            well = Asked(household)
            say(f"all is well: {well.code is None}, exit status {well.status}, {well.took:.1f} s")
            for name, words, code, breaking in rows(named):
                try:
                    is_right, said = play(household, code, breaking)
                except Exception:
                    is_right, said = False, traceback.format_exc(limit=-4) + household.daemon.log[-1500:]
                table.append(f"{'right' if is_right else 'WRONG'}  {words}: {said}")
                say(f"{name}: {table[-1]}")
                if not is_right or household.clock.is_off or name in SETTLES:
                    household.begin()
    finally:
        home.close()
    right = sum(line.startswith("right") for line in table)
    print("\n".join(["", *table, f"{right} of {len(table)} verdicts right, and cleared by their remedies"]))
    return 0 if right == len(table) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
