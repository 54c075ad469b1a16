"""A daemon to be measured, with the home and the clinic around it."""

import os
import pathlib
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

VITALSD = os.environ.get("VITALSD", "vitalsd")
BENCH = os.environ.get("VITALSD_BENCH", "vitalsd-bench")
HERE = pathlib.Path(__file__).parent


class Process:
    """What the kernel counts of a process."""

    def __init__(self, number: int):
        self.folder = pathlib.Path(f"/proc/{number}")

    def status(self, key: str) -> int:
        """A number of /proc/PID/status: KiB for memory."""
        return self._numbers("status")[key]

    def written(self) -> int:
        """Bytes that it caused to be written to a disk."""
        return self._numbers("io")["write_bytes"]

    def cpu(self) -> float:
        """Seconds of processor time, of all threads."""
        fields = (self.folder / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def switches(self) -> int:
        """How often any of its threads was given a processor."""
        total = 0
        for task in (self.folder / "task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if "ctxt_switches" in line:
                    total += int(line.split()[1])
        return total

    def forget_touched(self) -> None:
        """From now on `touched` counts anew."""
        (self.folder / "clear_refs").write_text("1")

    def touched(self) -> int:
        """KiB that it has used since, of all that is resident: the kernel maps what lies beside a page with it."""
        lines = (self.folder / "smaps").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Referenced:"))

    def cpu_by_thread(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for task in (self.folder / "task").iterdir():
            head, _, tail = (task / "stat").read_text().rpartition(")")
            name, fields = head.partition("(")[2], tail.split()
            used[name] = used.get(name, 0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used

    def _numbers(self, file: str) -> dict[str, int]:
        pairs = (line.split(":", 1) for line in (self.folder / file).read_text().splitlines())
        return {key: int(value.split()[0]) for key, value in pairs if value.split() and value.split()[0].isdigit()}


def library(name: str, folder: pathlib.Path) -> pathlib.Path | None:
    """A C file of this folder, to be preloaded; none where there is no compiler."""
    if not shutil.which("cc"):
        return None
    built = folder / f"{name}.so"
    if not built.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", built, HERE / f"{name}.c"], check=True)
    return built


class ServiceManager:
    """The datagram socket on which a daemon says that it is ready."""

    def __init__(self, path: pathlib.Path, watchdog: float | None = None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.environment = os.environ | {"NOTIFY_SOCKET": str(path)}
        if watchdog:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))

    def hear(self, within: float) -> str | None:
        return self.socket.recv(4096).decode() if select.select([self.socket], [], [], within)[0] else None

    def await_ready(self) -> None:
        while "READY=1" not in (self.hear(60) or "READY=1 never came"):
            pass

    def pings(self) -> int:
        """How many datagrams have come since this was last asked."""
        count = 0
        while self.hear(0) is not None:
            count += 1
        return count


class Daemon:
    """`vitalsd run` on a state directory; its output goes into a file beside it."""

    def __init__(self, folder: pathlib.Path, clinic: str, more: str = "", watchdog: float | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.journal = folder, folder / "state" / "journal"
        self.file = folder / "vitalsd.conf"
        self.file.write_text(
            f"[Clinic]\nURL={clinic}\nHeartbeat=infinity\n{more}\n[Patient]\nReference=Patient/pt-4711\n"
            f"[Hub]\nStateDirectory={folder}/state\n[Simulation]\nAir={folder}/air\n")
        notify = folder / "notify"
        notify.unlink(missing_ok=True)
        self.manager = ServiceManager(notify, watchdog)
        # As in a home, something keeps the hub's clock.
        if kept := library("kept", folder):
            self.manager.environment["LD_PRELOAD"] = str(kept)
        self.popen: subprocess.Popen | None = None

    def start(self) -> float:
        """Answers the seconds from before the exec to READY=1."""
        with (self.folder / "log").open("a") as log:
            begin = time.monotonic()
            self.popen = subprocess.Popen(
                [VITALSD, "run", "--configuration", self.file], stderr=log, env=self.manager.environment)
            self.manager.await_ready()
            taken = time.monotonic() - begin
        self.process = Process(self.popen.pid)
        return taken

    def stop(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(20)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def redirect(self, clinic: str) -> None:
        """Another URL, read at once."""
        text = self.file.read_text().splitlines()
        self.file.write_text("\n".join(f"URL={clinic}" if line.startswith("URL=") else line for line in text) + "\n")
        self.popen.send_signal(signal.SIGHUP)

    def bind(self, first: int, count: int) -> None:
        for index in range(first, first + count):
            subprocess.run(
                [VITALSD, "bind", address(index), "--with-memory", "--configuration", self.file], check=True, capture_output=True)

    def receipts(self) -> tuple[int, int, int]:
        """How many readings the clinic has accepted, how many wait, and when the last was settled, in milliseconds."""
        journal = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)
        try:
            accepted, last = journal.execute("SELECT count(*), max(settled) FROM receipt WHERE state = 'accepted'").fetchone()
            return accepted, journal.execute("SELECT count(*) FROM outbox").fetchone()[0], last or 0
        finally:
            journal.close()

    def size(self) -> int:
        """Bytes of the journal and its log."""
        return sum(file.stat().st_size for file in self.journal.parent.iterdir() if file.is_file())


def stolen() -> float:
    """Seconds of all processors that the hypervisor gave to somebody else since the machine began."""
    return int(pathlib.Path("/proc/stat").read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK")


def address(index: int) -> str:
    return f"00:09:1F:00:{index >> 8:02X}:{index & 0xFF:02X}"


class Home:
    """Many cuffs on one simulated air, and the clinic that does almost nothing: see SimulatedHome.swift."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.popen = subprocess.Popen(
            [BENCH, "home", folder / "air"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.read('port')[0]:.0f}/fhir"

    def read(self, name: str) -> list[float]:
        while True:
            words = self.popen.stdout.readline().split()
            if not words:
                raise RuntimeError("the simulated home has ended")
            if words[0] == name:
                return [float(word) for word in words[1:]]

    def go(self, first: int, devices: int, records: int) -> dict[str, float]:
        """Lets the cuffs deliver; returns when the clinic has answered for all of it."""
        self.popen.stdin.write(f"go {first} {devices} {records}\n")
        self.popen.stdin.flush()
        begun, confirmed, answered = self.read("begun")[0], self.read("confirmed")[0], self.read("answered")
        return {
            "begun": begun, "confirmed": confirmed, "answered": answered[0], "requests": answered[2],
            "cpu": answered[3]}

    def stop(self) -> None:
        self.popen.stdin.close()
        self.popen.wait()
