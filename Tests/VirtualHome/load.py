"""Many readings in a short time: people who measure all the time, and a clinic that comes and goes."""

import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from EndToEnd.far_ends import meanwhile, nonin_format_13

from .clinic import Clinic
from .home import Home
from .hub import Hub
from .models.cuff import Cuff
from .models.scale import Scale
from .play import Serial

#: What of an Observation says which reading it is.
OBSERVED = {"150020": {"150021", "150022"}, "188736": {"188736"}}


@dataclass(frozen=True)
class Taken:
    """A reading: whose, under which code, what says which it is, and its bytes as the device tells them."""

    address: str
    code: str
    values: tuple[tuple[str, float], ...]
    record: bytes

    @property
    def name(self) -> tuple:
        return self.address, self.code, self.values


class Household:
    """Two cuffs and a scale that remember what the hub has not confirmed, and an oximeter on a cable that is told nothing."""

    def __init__(self, home: Home, hub: Hub, chance: random.Random):
        self._home, self._chance, self.taken = home, chance, []
        options = {"on_air": float("inf"), "pause": 0.15}
        self.devices = [
            Cuff(home.radio, **options), Cuff(home.radio, "00:09:1F:00:00:02", **options), Scale(home.radio, **options)]
        for device in self.devices:
            hub.pair(device)
        hub.bind(*self.devices)
        self.cable, self.spot_checks = Serial(home), []
        #: Whether the daemon has the cable's line open.
        self.is_heard = False

    def measure(self, device) -> None:
        """No two alike: the values tell which reading it was, and its bytes alone whose, by the pulse."""
        number = sum(taken.address == device.address for taken in self.taken)
        values = ({"kilograms": round(30 + number % 4000 * 0.05, 2)} if isinstance(device, Scale)
                  else {"systolic": 100 + number % 100, "diastolic": 40 + number // 100 % 50,
                        "pulse": 60 + self.devices.index(device)})
        device.measure(**values)
        code, observed = device.observed(**values)
        self.taken.append(Taken(device.address, code, tuple(sorted(observed.items())), device.memory[-1]))

    def stock(self) -> None:
        """While the hub is off."""
        self.is_heard = False
        for device in self.devices:
            for _ in range(self._chance.randint(1, 4)):
                self.measure(device)
        self.switch_on()

    def switch_on(self) -> None:
        for device in self.devices:
            if device.holds:
                device.go_on_air()

    def spot_check(self) -> None:
        """Only while it is listened to, and not garbled: it says each but once."""
        number, line = len(self.spot_checks), self.cable.line
        if self.is_heard and line.is_plugged and line.converter == line.settings:
            when = datetime(2026, 11, 19) + timedelta(minutes=number)
            self.spot_checks.append(nonin_format_13(*spot(number), when, stored=True))
            line.send(self.spot_checks[-1])

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Somebody goes on measuring."""
        def go_on(is_over: threading.Event) -> None:
            while not is_over.wait(self._chance.uniform(0.1, 0.6)):
                device = self._chance.choice([*self.devices, self.cable])
                if device is self.cable:
                    self.spot_check()
                elif device.holds < 8:
                    self.measure(device)
                    device.go_on_air()
        with meanwhile(go_on):
            yield

    def acknowledged(self) -> set[bytes]:
        return {confirmed.value for device in self.devices for confirmed in list(device.confirmed)}

    @property
    def is_empty(self) -> bool:
        return not any(device.holds for device in self.devices)


def spot(number: int) -> tuple[int, int]:
    """Saturation and pulse of a spot check, which tell which it was."""
    return 50 + number % 50, 40 + number // 50


@contextlib.contextmanager
def flapping(clinic: Clinic, chance: random.Random) -> Iterator[None]:
    """The clinic is well, or fails in each way that there is, or is away for as long as the hub lives, which is when only
    the journal has what was confirmed."""
    def flap(is_over: threading.Event) -> None:
        while not is_over.wait(chance.uniform(0.2, 2)):
            clinic.heal()
            mode = chance.choice(["well", "lost", "half", "cut-before", "cut-after", "status", "away", "away"])
            if mode == "away":
                clinic.fault("status", status=503)
                is_over.wait(chance.uniform(5, 60))
            elif mode != "well":
                clinic.fault(mode, status=503, times=chance.randint(1, 3))
    try:
        with meanwhile(flap):
            yield
    finally:
        clinic.heal()
