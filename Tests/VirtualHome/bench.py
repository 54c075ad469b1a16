"""python -m VirtualHome.bench: what the daemon costs in the home, beside bleak on BlueZ reading the same cuff.

Everything runs under emulation, slower than any hub: the two columns compare with each other, no figure with
hardware. Latency is measured on the host: from the moment in which the indication passes the hub's controller.
"""

import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from .clinic import Clinic
from .home import Home, eventually
from .hub import Hub
from .models.cuff import Cuff
from .product import ROOT

READINGS = 10

# The least that bleak can do: find, connect, subscribe, and write down what comes. It keeps nothing and tells no clinic.
BLEAK = """
import asyncio, resource, sys
from bleak import BleakClient, BleakScanner
def used():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
async def main():
    print("started", used(), flush=True)
    device = await BleakScanner.find_device_by_address(sys.argv[1], timeout=120)
    gone = asyncio.Event()
    async with BleakClient(device, disconnected_callback=lambda _: gone.set(), timeout=120) as client:
        await client.start_notify("00002a35-0000-1000-8000-00805f9b34fb", lambda _, data: print("told", data.hex(), flush=True))
        await gone.wait()
asyncio.run(main())
print("cost", used(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


class Watch:
    """The latencies of indications, in seconds."""

    def __init__(self, home: Home):
        self._home, self.confirmed, self.told = home, [], {}
        self._open: dict[str, tuple[float, bytes]] = {}
        home.radio.watchers.append(self._see)

    def _see(self, passage) -> None:
        if passage.is_indication:
            self._open[passage.peer] = passage.at, passage.pdu[3:]
            self.told[passage.pdu[3:]] = passage.at
        elif passage.is_confirmation and passage.peer in self._open:
            self.confirmed.append(passage.at - self._open.pop(passage.peer)[0])

    def close(self) -> None:
        self._home.radio.watchers.remove(self._see)


def cost(home: Home, *names: str) -> tuple[float, float]:
    """CPU seconds and resident MB of the processes of these names together."""
    cpu = memory = 0.0
    for name in names:
        said = home.run(f"for p in $(pidof -x {name}); do cut -d' ' -f14,15 /proc/$p/stat; grep VmHWM /proc/$p/status; done 2>/dev/null")
        for line in said.output.splitlines():
            words = line.split()
            if words[0] == "VmHWM:":
                memory += int(words[1]) / 1024
            else:
                cpu += sum(map(int, words)) / 100
    return cpu, memory


def fill(cuff: Cuff) -> None:
    for number in range(READINGS):
        cuff.measure(110 + number, 70 + number, 60 + number)


def ours(home: Home, folder: pathlib.Path) -> dict[str, float]:
    clinic = Clinic(folder)
    hub = Hub(home, clinic)
    hub.install(anew=True)
    started = cost(home, "vitalsd")[0]
    cuff = Cuff(home.radio, encrypted=False)
    hub.bind(cuff)
    before, watch = cost(home, "vitalsd"), Watch(home)
    fill(cuff)
    cuff.go_on_air()
    arrived: list[float] = []

    def all_are_there() -> bool:
        count = len(clinic.readings("150020", cuff.address))
        arrived.extend([time.monotonic()] * (count - len(arrived)))
        return len(arrived) >= READINGS

    eventually(all_are_there, pause=0.02)
    after = cost(home, "vitalsd")
    watch.close()
    receipts = [there - told for there, told in zip(arrived, sorted(watch.told.values()))]
    idle = after[0]
    time.sleep(10)
    idle = cost(home, "vitalsd")[0] - idle
    home.run("systemctl stop vitalsd")
    clinic.close()
    return {"indication to confirmation, s": statistics.median(watch.confirmed),
            "indication to the clinic's receipt, s": statistics.median(receipts),
            "CPU of the start, s": started, f"CPU for {READINGS} readings, s": after[0] - before[0], "CPU in 10 s of waiting, s": idle,
            "memory at most, MB": after[1]}


def theirs(home: Home) -> dict[str, float]:
    """bleak, with bluetoothd and the bus that it needs; confirmation comes before anything is kept. Their start, with Python's own
    and its imports, is no cost of the readings."""
    venv = ROOT / ".venv" / "bleak"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "bleak==1.1.1"]
        subprocess.run(pip, check=True)
        (venv / "ready").touch()
    (home.shared / "read.py").write_text(BLEAK)
    started = home.run(
        "mkdir -p /run/dbus && dbus-daemon --system --fork && { setsid /usr/libexec/bluetooth/bluetoothd >/dev/null 2>&1 & } ;"
        "sleep 5; script -qec 'btmgmt power on' /dev/null")
    assert started.status == 0, started.output
    cuff, watch = Cuff(home.radio, "00:09:1F:00:00:02", encrypted=False), Watch(home)
    fill(cuff)
    before = cost(home, "bluetoothd", "dbus-daemon")
    cuff.go_on_air()
    reader = home.spawn(f"exec {venv}/bin/python {home.shared}/read.py {cuff.address}")
    arrived: list[float] = []
    while len(arrived) < READINGS and reader.is_running:
        count = reader.output.count("told ")
        arrived += [time.monotonic()] * (count - len(arrived))
        time.sleep(0.02)
    said = reader.wait().output
    assert said.count("told ") == READINGS, said
    start, own, own_memory = (float(number) for line in re.findall("(?m)^(?:started|cost) (.*)", said) for number in line.split())
    after = cost(home, "bluetoothd", "dbus-daemon")
    receipts = [there - told for there, told in zip(arrived, sorted(watch.told.values()))]
    watch.close()
    home.run("kill $(pidof bluetoothd dbus-daemon)")
    return {"indication to confirmation, s": statistics.median(watch.confirmed),
            "indication to the program's line, s": statistics.median(receipts),
            "CPU of the start, s": before[0] + start, f"CPU for {READINGS} readings, s": after[0] - before[0] + own - start,
            "memory at most, MB": after[1] + own_memory}


def table(home: Home, folder: pathlib.Path) -> str:
    """Both, one after the other; whoever does not read all of the cuff's readings ends it with an error."""
    columns = {"vitalsd": ours(home, folder), "bleak + BlueZ": theirs(home)}
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    return "\n".join(
        [f"{'':40}" + "".join(f"{name:>16}" for name in columns)]
        + [f"{row:40}" + "".join(f"{column[row]:16.2f}" if row in column else f"{'–':>16}" for column in columns.values())
           for row in rows])


def main() -> None:
    home = Home()
    try:
        home.boot()
        with tempfile.TemporaryDirectory() as folder:
            print(table(home, pathlib.Path(folder)))
    finally:
        home.close()


if __name__ == "__main__":
    main()
