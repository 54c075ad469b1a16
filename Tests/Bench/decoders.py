"""Every decoder, with a record of its vectors or captures; and TheengsDecoder and antidote on what they know too."""

import os
import pathlib
import re
import subprocess
import sys

from home import BENCH, library

sys.path.append(str(pathlib.Path(__file__).parent.parent / "Fuzz"))
from fuzz import CAPTURES, said, vectors  # noqa: E402

#: Built from antidote.c by `make antidote`.
ANTIDOTE = pathlib.Path(__file__).parents[2] / ".build/antidote-built/decode"
#: A Xiaomi Mi Body Composition Scale, as recorded in public.
KNOWN = "0226e607020e10293af7019a38"
THEENGS = f"""
import json, time
import TheengsDecoder
told = json.dumps({{"servicedata": "{KNOWN}", "servicedatauuid": "0x181b", "name": "MIBFS", "id": "38:1E:C7:81:C6:3C"}})
assert "weight" in TheengsDecoder.decodeBLE(told)
best = min(time_of(500) for time_of in [lambda n: (lambda t: [TheengsDecoder.decodeBLE(told) for _ in range(n)]
    and (time.perf_counter() - t) / n)(time.perf_counter())] * 12)
print(best * 1e9)
"""


def records() -> str:
    """A line for each thing that a device says: its driver, the endpoint where that is known, and the bytes."""
    lines = [f"{driver} {endpoint} {data.hex()}" for driver, endpoint, data in vectors()]
    for file in sorted(CAPTURES.glob("*/*.capture")):
        heard = re.findall(r"(?m)^adv .*? data [0-9A-Fa-f]+ ([0-9a-f]+)", file.read_text())
        lines += [f"{file.parent.name} - {data}" for data in heard]
        lines += [f"{file.parent.name} - {data.hex()}" for data in said(file)]
    return "\n".join(lines) + "\n"


def decoders(table, folder: pathlib.Path, quick: bool) -> None:
    """Nanoseconds and allocations of all, the slowest last."""
    environment = dict(os.environ)
    counter = library("allocations", folder)
    if counter:
        environment["LD_PRELOAD"] = str(counter)
    done = subprocess.run(
        [BENCH, "decoders", "3" if quick else "20"], input=records(), env=environment, check=True, stdout=subprocess.PIPE,
        text=True)
    told = [line.split("\t") for line in done.stdout.splitlines()]
    table.head("Every decoder: the first record of its vectors or captures that it takes, the slowest last")
    for _, name, nanoseconds, allocations in sorted((t for t in told if t[0] == "decode"), key=lambda t: float(t[2])):
        count = "" if allocations == "?" else f"{float(allocations):g} allocations"
        table.row(name, float(nanoseconds), "ns", name=count)
    missing = [t[1] for t in told if t[0] == "missing"]
    if missing:
        table.note(f"no record is known for {len(missing)} of {len(told)}: {', '.join(missing)}")
    ours = {t[1]: float(t[2]) for t in told if t[0] == "decode"}
    theengs(table, ours)
    antidote(table, ours)


def theengs(table, ours: dict[str, float]) -> None:
    python = os.environ.get("THEENGS_PYTHON", "")
    if not os.access(python, os.X_OK):
        return table.note("TheengsDecoder is not installed: make bench-peers")
    best = float(subprocess.run([python, "-c", THEENGS], check=True, stdout=subprocess.PIPE, text=True).stdout)
    table.row("xiaomi-scale beside TheengsDecoder", ours["xiaomi-scale xiaomi-181b"], "ns", best, "TheengsDecoder")
    return None


def antidote(table, ours: dict[str, float]) -> None:
    """The published message of an oximeter, by its parser alone and by its whole manager."""
    if not os.access(ANTIDOTE, os.X_OK):
        return table.note("antidote is not installed: make antidote")
    for line in subprocess.run([ANTIDOTE], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        name, nanoseconds = line.split("\t")
        ns = ours["phd 11073-10404"]
        table.row("phd 11073-10404 beside antidote", ns, "ns", float(nanoseconds), f"antidote, {name}")
    return None
