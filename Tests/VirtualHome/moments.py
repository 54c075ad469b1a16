"""When the power goes: in the very moment of something that the hub does, or whenever."""

import random
import threading
import time
from collections.abc import Callable

from .clinic import Clinic
from .home import Home
from .radio import Passage

#: What there is, how often it is chosen, and how many of it there may be before the cut.
KINDS = {
    "start": (2, 1), "any time": (3, 1), "indication": (2, 8), "confirmation": (3, 8), "transaction": (2, 3),
    "write": (2, 60), "flush": (3, 25), "flushed": (3, 25)}
#: Seconds after the daemon's start within which it is cut, whatever happens.
PATIENCE = 30.0


class Moment:
    """Cuts the power of the home once, in the thread of whoever sees that the moment has come.

    start: within four seconds of the daemon's start. any time: within fifteen seconds of its being ready. indication: up to a
    tenth of a second after one has come to the hub. confirmation: before it goes on the air. transaction: as the clinic has
    heard one. write, flush: as the disk is asked for it, and has not done it. flushed: it has, and has not said so.
    """

    def __init__(self, home: Home, clinic: Clinic, chance: random.Random):
        self._home, self._clinic = home, clinic
        self.kind = chance.choices(list(KINDS), [often for often, _ in KINDS.values()])[0]
        self.count = chance.randint(1, KINDS[self.kind][1])
        self.delay = chance.uniform(0, {"start": 4, "any time": 15, "indication": 0.1}.get(self.kind, 0))
        #: Seconds from the daemon's start to its end.
        self.lived = 0.0
        self._left, self._lock, self.has_come = self.count, threading.Lock(), threading.Event()
        self._timers: list[threading.Timer] = []
        home.radio.watchers.append(self._see)

    def __str__(self) -> str:
        return f"{self.kind} {self.count}" if self.delay == 0 else f"{self.kind} + {self.delay:.2f} s"

    def arm(self) -> None:
        """The daemon is about to be started."""
        self._home.card.watchers.append(self._hear)
        if self.kind == "start":
            self._after(self.delay, self._come)
        elif self.kind == "transaction":
            threading.Thread(target=self._ask, daemon=True, name="moment").start()
        self._after(PATIENCE, self._give_up)

    def ready(self) -> None:
        """The daemon runs."""
        if self.kind == "any time":
            self._after(self.delay, self._come)

    def disarm(self) -> None:
        """It has come, or never will."""
        with self._lock:
            self.has_come.set()
        self._home.radio.watchers.remove(self._see)
        if self._hear in self._home.card.watchers:
            self._home.card.watchers.remove(self._hear)
        for timer in self._timers:
            timer.cancel()

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, what)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _come(self) -> None:
        with self._lock:
            if not self.has_come.is_set():
                self._home.cut_power_at_once()
                self.has_come.set()

    def _give_up(self) -> None:
        if not self.has_come.is_set():
            self.kind, self.delay = f"no {self}, so", PATIENCE
            self._come()

    def _see(self, passage: Passage) -> None:
        kind = "indication" if passage.is_indication else "confirmation" if passage.is_confirmation else None
        if kind and kind == self.kind:
            self._happened()

    def _hear(self, what: str) -> None:
        if what == self.kind:
            self._happened()

    def _ask(self) -> None:
        """Looks again and again, as the clinic is another process."""
        before = self._clinic.transactions()
        while not self.has_come.is_set():
            if self._clinic.transactions() >= before + self.count:
                return self._come()
            time.sleep(0.02)

    def _happened(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._after(self.delay, self._come) if self.delay else self._come()
