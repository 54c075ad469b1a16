"""Plays a scenario in a home, and checks that what was taken there is what arrived at the clinic."""

import heapq
import itertools
import pathlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from EndToEnd.far_ends import nonin_format_13

from . import models, wrongs
from .agent import Command
from .clinic import Clinic
from .home import Home, eventually
from .hub import Hub
from .scenario import Entry, Scenario, Wrong
from .witness import Witness

# How far a reading's time at the clinic may be from when it was taken. A device's own stamps have whole seconds, and under
# emulation seconds pass between a question and its answer; each look at the disk halts the machine's clock.
TOLERANCE = 20.0


#: Where the home is: what its clocks show.
ZONE = ZoneInfo("Europe/Copenhagen")


@dataclass
class Taken:
    """A measurement that a person took."""

    device: str
    address: str
    #: The code of the Observation, and the values in it by code.
    code: str
    values: dict[str, float]
    at: datetime
    arrived: int = 0


class Serial:
    """An oximeter on a cable, which says each measurement once, and only while it is listened to."""

    #: How it is asked for its clock.
    QUESTION = bytes.fromhex("02 72 00 03")

    def __init__(self, home: Home):
        self._home, self.holds, self.address = home, 0, ""
        self.line = None
        #: How far its clock is ahead of the host's.
        self.ahead = timedelta()

    def plug(self) -> None:
        """Returns when the daemon listens."""
        self.insert()
        self._home.await_open("/dev/ttyUSB0")
        eventually(lambda: self.line.converter == self.line.settings)

    def insert(self) -> None:
        self.line = self._home.plug_serial("nonin")
        threading.Thread(target=self._listen, daemon=True, name="nonin").start()

    def _listen(self) -> None:
        """Tells its clock when it is asked, as long as it is plugged in."""
        heard = b""
        while self.line.is_plugged:
            try:
                heard += self.line.receive(1, within=1)
            except TimeoutError:
                continue
            except (OSError, ValueError):
                return
            if heard.endswith(self.QUESTION):
                now = datetime.now() + self.ahead
                self.line.send(bytes([
                    0x02, 0xF2, 0x06, now.year - 2000, now.month, now.day, now.hour, now.minute, now.second, 0x03]))

    def measure(self, spo2: int, pulse: int) -> None:
        self.line.send(nonin_format_13(spo2, pulse, datetime.now()))

    @staticmethod
    def observed(spo2: int, pulse: int) -> tuple[str, dict[str, float]]:
        return "150456", {"150456": spo2}

    def go_on_air(self) -> None:
        pass


class Play:
    """One scenario, from the hub's first day to the account at the clinic."""

    def __init__(self, home: Home, scenario: Scenario, folder: pathlib.Path, say=lambda line: None):
        self.home, self.scenario, self._say = home, scenario, say
        self.clinic = Clinic(folder)
        self.hub = Hub(home, self.clinic, scenario.patient)
        self.witness = Witness(home)
        self.peripherals: dict = {}
        self.taken: list[Taken] = []
        self.unplayed: list[str] = []
        #: Who is ready to kill the daemon, where that is part of the story.
        self.gun: Command | None = None
        #: How often that one was told to.
        self.shots = 0
        #: How far the home's days are from ours.
        self.away = timedelta()
        self._begun, self.begun = time.monotonic(), datetime.now(timezone.utc)
        self._events: list = []
        #: What is put right once the daemon has said something after a place of its log.
        self._awaited: list[tuple[str, int, Callable[[], None]]] = []
        self._traps: list[Trap] = []
        self._number = itertools.count()
        self._cuts_before = home.power_cuts

    def run(self) -> None:
        """Raises AssertionError with the whole account where anything is not as it should be."""
        try:
            self._prepare()
            self._story()
            self._settle()
        finally:
            self.account()
        self._check()

    def close(self) -> None:
        self.witness.close()
        for trap in self._traps:
            trap.close()
        if self.home.is_up:
            self.home.slow_disk(0)
            self.home.spawn("systemctl stop vitalsd").wait()
        self.clinic.close()

    # ── before ──

    def _prepare(self) -> None:
        self.home.set_clock_right()
        self.hub.install(anew=True)
        self.home.radio.do(self.home.radio.crowd(self.scenario.strangers))
        for entry in self.scenario.devices:
            if entry.model == "nonin":
                self.peripherals[entry.name] = Serial(self.home)
                self.peripherals[entry.name].plug()
                continue
            device = models.every()[entry.model](self.home.radio, entry.address, **entry.options)
            self.peripherals[entry.name] = device
            if entry.bound == "pair":
                self._say(f"pairing with {entry.name}")
                self.hub.pair(device)
            elif device.on_air == float("inf"):
                device.measure(199, 99)
                device.go_on_air()
        # Whom the visit behind the pairing found with nothing to tell rests for a while, unless somebody binds it again.
        if bound := [self.peripherals[entry.name] for entry in self.scenario.devices if entry.bound != "none"]:
            self.hub.bind(*bound)

    def boot(self) -> None:
        """After a power cut."""
        self.home.boot()
        self.hub.install()

    # ── time ──

    @property
    def now(self) -> datetime:
        """What is truly the time in the home."""
        return datetime.now(timezone.utc) + self.away

    def move(self, away: timedelta) -> None:
        """Moves the home to another day; people have set the devices' clocks by the one on the wall, if they were right."""
        before, after = self.now.astimezone(ZONE).utcoffset(), (self.now + away).astimezone(ZONE).utcoffset()
        for device in self.peripherals.values():
            if isinstance(getattr(device, "clock_error", None), timedelta):
                device.clock_error += away + after - before
        self.away += away

    def set_clock_right(self) -> None:
        """As a time daemon does."""
        if not self.away:
            return self.home.set_clock_right()
        self.home.set_clock(self.now)
        self.home.vouch()

    # ── the story ──

    def _story(self) -> None:
        for entry in self.scenario.devices:
            for measure in entry.measures:
                self._at(measure["at"], lambda entry=entry, measure=measure: self._measure(entry, measure))
        for wrong in self.scenario.wrongs:
            if wrong.at is not None:
                self._at(wrong.at, lambda wrong=wrong: self._begin(wrong))
        self._traps = traps = [Trap(self, wrong) for wrong in self.scenario.wrongs if wrong.after]
        for device in self.peripherals.values():
            if getattr(device, "model", "") == "fuzzer":
                device.go_on_air()
        if any(wrong.what == "kill" for wrong in self.scenario.wrongs):
            self.gun = self.hub.aim()
        self._begun, self.begun = time.monotonic(), datetime.now(timezone.utc)
        last = 0.0
        while self._events or self._awaited or any(trap.is_armed for trap in traps):
            self._look_at_log()
            while self._events and self._events[0][0] <= self._now:
                heapq.heappop(self._events)[2]()
                last = time.monotonic()
            for trap in traps:
                if trap.is_sprung:
                    trap.is_sprung = False
                    self._begin(trap.wrong)
                    last = time.monotonic()
            if not self._events and time.monotonic() > last + self.scenario.patience:
                self.unplayed = [trap.wrong.what for trap in traps if trap.is_armed]
                self.unplayed += [f"the end that {sentence!r} would have been" for sentence, _, _ in self._awaited]
                break
            time.sleep(0.05)
        for trap in traps:
            trap.is_armed = False
            if trap.is_sprung:
                self._begin(trap.wrong)
        # What a trap began is to be put right, too.
        while self._events:
            time.sleep(max(0, (self._events[0][0] - self._now) / self.scenario.pace))
            heapq.heappop(self._events)[2]()

    @property
    def _now(self) -> float:
        """Seconds of the story since it began."""
        return (time.monotonic() - self._begun) * self.scenario.pace

    def _at(self, moment: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._number), what))

    def _measure(self, entry: Entry, measure: dict) -> None:
        values = {key: value for key, value in measure.items() if key != "at"}
        device = self.peripherals[entry.name]
        device.measure(**values)
        self._say(f"{entry.name} measures {values}")
        if entry.bound != "none" or entry.model == "nonin":
            code, observed = device.observed(**values)
            self.taken.append(Taken(entry.name, device.address, code, observed, self.now))
        device.go_on_air()

    def _look_at_log(self) -> None:
        """Puts right what the daemon has noticed."""
        for awaited in list(self._awaited):
            sentence, since, put_right = awaited
            if sentence in self.hub.log[since:]:
                self._awaited.remove(awaited)
                put_right()

    def _begin(self, wrong: Wrong) -> None:
        self._say(f"{wrong.what} {wrong.device or ''}")
        if wrong.what == "kill" and wrong.after:
            # Not before it has died: then what systemd starts finds the disk in order.
            self.shots += 1
            eventually(lambda: self.gun.output.count("shot") >= self.shots)
            return self.home.slow_disk(0)
        since = len(self.hub.log)
        put_right = wrongs.begin(self, wrong)

        def end() -> None:
            self._say(f"{wrong.what} is over")
            put_right()
        if put_right and "for" in wrong.more:
            self._at(self._now + wrong.more["for"], end)
        elif put_right and "until" in wrong.more:
            self._awaited.append((wrong.more["until"], since, end))

    # ── the end ──

    def _settle(self) -> None:
        """Waits until everything has arrived and nothing more waits, so that a double has come, too; whoever still has something
        to tell is switched on again now and then."""
        end, again = time.monotonic() + self.scenario.patience, time.monotonic() + 35
        while time.monotonic() < end:
            # Looked at in this order: what arrives in between is counted.
            is_complete = self._is_complete()
            self._count()
            # A hub that hears the time later says then what it knows better.
            if (all(taken.arrived for taken in self.taken) or is_complete and not self.scenario.amended) and (
                    self.hub.pending() == 0):
                return self._count()
            if time.monotonic() > again:
                again = time.monotonic() + 35
                for device in self.peripherals.values():
                    if device.holds and device.on_air_until is None:
                        device.go_on_air()
            time.sleep(0.25)
        self.unplayed.append("an end at which all is there and nothing waits")

    def _is_complete(self) -> bool:
        """Whether as many have arrived as were taken: what is wrong with them will not come right by waiting."""
        wanted = Counter((taken.code, taken.address) for taken in self.taken)
        return all(len(self.clinic.readings(*whose)) >= count for whose, count in wanted.items())

    def _count(self) -> None:
        for taken in self.taken:
            taken.arrived = 0
            for reading in self.clinic.readings(taken.code, taken.address):
                # Some have a clock that nobody can read.
                # An oximeter on a cable has two seconds to tell its clock; where a busy machine takes longer, no time is claimed.
                near = (abs((reading.at - taken.at).total_seconds()) <= TOLERANCE if reading.at
                        else not taken.address or self.peripherals[taken.device].clock_is_unread)
                taken.arrived += near and taken.values.items() <= reading.values.items()

    def _check(self) -> None:
        wrong = [f"{taken.device}: {taken.values} of {taken.at:%d %b %H:%M:%S} arrived {taken.arrived} times, beside "
                 + ", ".join(f"{reading.values} of {reading.at and reading.at.astimezone(timezone.utc)}"
                             for reading in self.clinic.readings(taken.code, taken.address))
                 for taken in self.taken if taken.arrived != 1]
        for entry in self.scenario.devices:
            device = self.peripherals[entry.name]
            if entry.model == "fuzzer":
                if not device.spoilt:
                    wrong.append(f"{entry.name} was heard saying nothing wrong in {device.connections} connections")
                continue
            if getattr(device, "asks_time", False) and (
                    not device.told or max(map(abs, device.told)).total_seconds() > TOLERANCE):
                wrong.append(f"{entry.name} asked for the time and was told one that was wrong by {device.told}")
            mine = [taken for taken in self.taken if taken.device == entry.name]
            for code in {taken.code for taken in mine}:
                there = self.clinic.readings(code, device.address)
                if len(there) != len(mine):
                    wrong.append(f"{entry.name}: {len(mine)} were taken, the clinic has {len(there)}: {there}")
            if entry.bound == "none" and entry.model != "nonin":
                if device.connections:
                    wrong.append(f"{entry.name} is bound to nobody and was connected to {device.connections} times")
                if self.clinic.has(device.address):
                    wrong.append(f"{entry.name} is bound to nobody and stands at the clinic")
        wrong += [f"the clinic's account holds a reading about somebody else: {subject}"
                  for subject in self.clinic.subjects() - {self.scenario.patient}]
        log = self.hub.log
        wrong += [f"the daemon never said {sentence!r}" for sentence in self.scenario.says if sentence not in log]
        wrong += [f"{what!r} never happened" for what in self.unplayed]
        wrong += [f"{trap.record.hex(' ')} was confirmed before the daemon was killed" for trap in self._traps
                  if trap.wrong.what == "kill" and trap.wrong.after == "indication" and trap.told < 2]
        shown = self.hub.shows("NRestarts", "ActiveState")
        if shown.get("ActiveState") != "active" or int(shown.get("NRestarts", -1)) != self.scenario.restarts:
            wrong.append(f"the unit is {shown}, and {self.scenario.restarts} restarts were wanted")
        missing, blind, cuts = self.witness.missing(), self.witness.blind, self.home.power_cuts - self._cuts_before
        if blind > cuts:
            wrong.append(f"at {blind} confirmations nobody saw the disk, and the power was cut {cuts} times")
        if not self.witness.sights and any(device.is_reading(confirmed.value) for device in self.peripherals.values()
                                           for confirmed in getattr(device, "confirmed", [])):
            wrong.append("readings were confirmed, and nobody saw the disk of that moment")
        wrong += [f"{sight.record.hex(' ')} was confirmed and not on the disk" for sight in missing]
        self._say(f"{len(self.witness.sights) - len(missing)} of {len(self.witness.sights)} confirmed readings were on "
                  f"the disk in that moment; at {blind} more nobody saw it")
        assert not wrong, "\n".join([f"{self.scenario.name}: {self.scenario.title}", *wrong])

    def account(self) -> None:
        """A table of what was taken and what arrived."""
        self._say(f"{'device':16} {'taken at':>8}  {'values':32} at the clinic")
        for taken in self.taken:
            values = " ".join(f"{code}={value}" for code, value in taken.values.items())
            self._say(f"{taken.device:16} {taken.at:%H:%M:%S}  {values:32} {taken.arrived or 'missing'}")
        for name, device in self.peripherals.items():
            if getattr(device, "model", "") == "fuzzer":
                self._say(f"{name} was on the air for {time.monotonic() - self._begun:.0f} s, connected {device.connections} "
                          f"times, and spoilt {device.spoilt} of its PDUs")
        sights = self.witness.sights
        if sights:
            slowest = max(sight.after for sight in sights)
            self._say(f"{len(sights)} confirmations seen; the longest came {slowest:.2f} s after its indication")


class Trap:
    """What goes wrong in the very moment of an indication or a confirmation, the first time."""

    def __init__(self, play: Play, wrong: Wrong):
        self.wrong, self.is_armed, self.is_sprung = wrong, True, False
        #: What was indicated in that moment, and how often it was until now.
        self.record, self.told = b"", 0
        self._play = play
        play.home.radio.watchers.append(self._see)

    def _see(self, passage) -> None:
        self.told += passage.is_indication and passage.pdu[3:] == self.record
        if not self.is_armed or not (
                passage.is_indication if self.wrong.after == "indication" else passage.is_confirmation):
            return
        self.is_armed = False
        if passage.is_indication:
            self.record, self.told = passage.pdu[3:], 1
        # Before the packet goes on: the power is gone now, not when somebody has time for it.
        if self.wrong.what == "power cut":
            self._play.home.cut_power_at_once()
        elif self.wrong.what == "kill":
            self._play.hub.kill(self._play.gun)
        self.is_sprung = True

    def close(self) -> None:
        self.is_armed = False
        if self._see in self._play.home.radio.watchers:
            self._play.home.radio.watchers.remove(self._see)
