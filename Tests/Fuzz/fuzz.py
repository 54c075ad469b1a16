"""Runs every parser of outside bytes under libFuzzer with the address sanitizer, seeded from the captures.

    fuzz.py PROGRAM FOLDER [--runs N] [--seconds N] [--only TEXT] [--jobs N] [--ledger FILE]

PROGRAM is `vitalsd-fuzz` built with libFuzzer; FOLDER gets the corpora. With --seconds all parsers together take so long, an
equal share for each, and fewer runs than --runs. Prints a table: executions, executions per second, features reached. Ends
with 1 where a parser trapped, or was not run; its input lies in FOLDER. So it does where there was nothing to run.

What takes hours can be stopped at any time: FILE gets a line for each parser that was run, and a parser runs only for what
FILE lacks of --runs. What another PROGRAM did counts for nothing: of changed code it says nothing.
"""

import argparse
import hashlib
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).parent.parent.parent
CAPTURES = pathlib.Path(__file__).parent.parent / "DeviceTests" / "Captures"


def said(capture: pathlib.Path):
    """What the device says in a capture: each line's bytes, and the value in it where it is an ATT PDU."""
    over_gatt = False
    for line in capture.read_text(encoding="utf-8").splitlines():
        over_gatt = over_gatt or line.startswith("@")
        if match := re.match(r"< ((?:[0-9a-fA-F]{2,} ?)+)", line):
            data = bytes.fromhex(match[1].replace(" ", "") if len(match[1].replace(" ", "")) % 2 == 0 else "")
            if over_gatt and data[:1] in (b"\x1b", b"\x1d"):
                yield data[3:]
            elif over_gatt and data[:1] == b"\x0b":
                yield data[1:]
            elif not over_gatt:
                yield data


def vectors():
    """Driver, endpoint and bytes of each vector whose meaning somebody else has published."""
    for file in sorted(CAPTURES.parent.glob("*Vector*.swift")):
        for driver, endpoint, digits in re.findall(
                r'Vector\(\s*"[^"]*",\s*"([^"]+)",\s*"([^"]+)",\s*((?:"[0-9a-f]*"[\s+]*)+),', file.read_text(encoding="utf-8")):
            yield driver, endpoint, bytes.fromhex("".join(re.findall("[0-9a-f]", digits)))


#: What servers say; the first byte chooses the status.
ANSWERS = [
    b'\0{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"201 Created",'
    b'"location":"Observation/1/_history/1"}}]}',
    b'\4{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","details":{"text":"no"},'
    b'"expression":["Bundle.entry[3].resource"],"diagnostics":"why"}]}',
    b'\0{"access_token":"abc","token_type":"Bearer","expires_in":3600}',
    b'\0{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":{"resourceType":"Device","id":"1"}}]}',
    b"\x1c120",
]


#: What is asked through the control socket, and answered.
REQUESTS = [
    "bind\tbluetooth:00:09:1F:80:00:22\t1\ttwice a day\twith-memory\turn:x\t4711", "unbind\tline:/dev/ttyUSB0\t", "swap\ta\tb\t",
    "wipe\t\tundelivered", "retry\t1\t2", "assign\t1,2\tPatient/4711", "enrolled\tclinic.failing", "by\troot\tstatus",
    "pair\t00:09:1F:80:00:22\t1\t1234\t3\t\t\tPatient/4711", "record\tx\t30",
]
REPLIES = [
    "done\tbound", "refused\tdevice.silent\tno answer", "yes", "passkey\t123456",
    "hub\t5\t1\t2\t3\t4", "reading\t1\tscale\tUC-352BLE\tsent\t1\t2", "device\ta\tb\t1\t-63\t1",
]


def seed(folder: pathlib.Path, parser: str) -> None:
    """The parser's vectors and the captures of its driver, or of all; a stream's first byte says where it parts."""
    driver = parser.split("/")[0]
    files = list((CAPTURES / driver).glob("*.capture")) or list(CAPTURES.glob("sig-*/*.capture"))
    known = [data for *name, data in vectors() if "/".join(name) == parser]
    for number, data in enumerate(known + [each for file in files for each in said(file)]):
        (folder / f"seed-{number}").write_bytes(data)
        (folder / f"seed-{number}-stream").write_bytes(b"\xff" + data)
    for number, answer in enumerate(ANSWERS if parser == "http-answer" else []):
        (folder / f"answer-{number}").write_bytes(answer)
    texts = {"control-request": REQUESTS, "control-answer": REPLIES}.get(parser, [])
    if parser == "configuration":
        sample = (ROOT / "systemd" / "vitalsd.conf").read_text(encoding="utf-8")
        texts = [sample, re.sub(r"(?m)^#(?=\S+=)", "", sample)]
    for number, text in enumerate(texts):
        (folder / f"said-{number}").write_bytes(text.encode())
    if parser in ("capture", "attribute-table"):
        for number, file in enumerate(files):
            (folder / f"text-{number}").write_bytes(file.read_bytes())


def fuzz(program: str, folder: pathlib.Path, parser: str, longest: int, runs: int, seconds: float, ledger: "Ledger"):
    """What the parser came to; a million at a time where that is written down, so that little is lost when it is stopped."""
    executions, a_second, features, status, said = 0, 0, 0, 0, ""
    while executions < runs and not status:
        share = min(runs - executions, 1_000_000) if ledger.path else runs
        status, numbers, features, said = run(program, folder, parser, longest, share, seconds)
        done, a_second = numbers.get("number_of_executed_units", 0), numbers.get("average_exec_per_sec", 0)
        executions += done
        # A run that ends well but has run nothing proves nothing.
        status = status or (0 if done else 1)
        ledger.add(parser, done, a_second, status == 0)
        if not ledger.path:
            break
    return parser, status, executions, a_second, features, said


def run(program: str, folder: pathlib.Path, parser: str, longest: int, runs: int, seconds: float):
    corpus = folder / parser.replace("/", "_")
    corpus.mkdir(parents=True, exist_ok=True)
    seed(corpus, parser)
    done = subprocess.run(
        [program, f"-runs={runs}", f"-max_total_time={max(1, round(seconds)) if seconds else 0}", f"-max_len={longest}",
         "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={corpus}.", corpus],
        # Where memory was allocated can be asked when an input that traps is read again.
        env=os.environ | {"PARSER": parser, "ASAN_OPTIONS": "detect_leaks=0:malloc_context_size=0:quarantine_size_mb=1"},
        capture_output=True, text=True, check=False)
    numbers = {name: int(value) for name, value in re.findall(r"stat::(\w+):\s+(\d+)", done.stderr)}
    reached = re.findall(r"ft: (\d+)", done.stderr)
    return done.returncode, numbers, int(reached[-1]) if reached else 0, done.stderr


class Ledger:
    """How often each parser of this program was run and did not trap, over however many runs."""

    def __init__(self, path: pathlib.Path | None, program: str):
        self.path, self.runs = path, {}
        self._program = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()[:16]
        for line in path.read_text().splitlines() if path and path.exists() else []:
            name, executions, _, *verdict = line.split("\t")
            if verdict == ["well", self._program]:
                self.runs[name] = self.runs.get(name, 0) + int(executions)

    def add(self, name: str, executions: int, a_second: int, is_well: bool) -> None:
        if self.path:
            with self.path.open("a") as file:
                file.write(f"{name}\t{executions}\t{a_second}\t{'well' if is_well else 'TRAPPED'}\t{self._program}\n")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--runs", type=int, default=10_000_000)
    options.add_argument("--seconds", type=float, default=0)
    options.add_argument("--only", default="")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--ledger", type=pathlib.Path)
    options = options.parse_args()
    listed = subprocess.run([options.program], env={}, capture_output=True, text=True, check=True).stdout.splitlines()
    names = dict(line.rsplit(" ", 1) for line in listed)
    ledger = Ledger(options.ledger, options.program)
    before = {name: ledger.runs.get(name, 0) for name in names if options.only in name}
    parsers = {name: options.runs - executions for name, executions in before.items()}
    parsers = {name: lacking for name, lacking in parsers.items() if lacking > 0}
    share = options.seconds * options.jobs / max(1, len(parsers))
    trapped, total = [], 0
    print(f"{'parser':58} {'executions':>12} {'per second':>11} {'features':>9}")
    with ThreadPoolExecutor(options.jobs) as pool:
        jobs = [
            pool.submit(fuzz, options.program, options.folder, name, int(names[name]), lacking, share, ledger)
            for name, lacking in parsers.items()]
        for job in jobs:
            name, status, executions, a_second, features, said = job.result()
            total += executions
            verdict = "" if status == 0 else "  TRAPPED"
            print(f"{name:58} {executions:12,} {a_second:11,} {features:9,}{verdict}", flush=True)
            if status:
                trapped.append(name)
                print(said[-3000:])
    print(f"{len(parsers)} parsers, {total:,} executions, {len(trapped)} trapped; {sum(before.values()):,} executions of "
          f"{len(before)} parsers before")
    return 1 if trapped or not total + sum(before.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
