"""A scenario: a short file that says who is in the home, when they measure and what goes wrong. See scenarios/README.md."""

import difflib
import pathlib
import tomllib
from dataclasses import dataclass, field

from . import models, wrongs


class Mistake(Exception):
    """What is wrong with a scenario file, and what was probably meant."""


@dataclass
class Entry:
    """A `[[device]]`."""

    model: str
    name: str
    address: str | None
    #: pair, bind or none: what the hub's technician does before the story begins.
    bound: str
    measures: list[dict]
    options: dict


@dataclass
class Wrong:
    """A `[[wrong]]`: what goes wrong, and when."""

    what: str
    at: float | None
    after: str | None
    device: str | None
    more: dict


@dataclass
class Scenario:
    path: pathlib.Path
    title: str
    patient: str = "Patient/pt-4711"
    #: How many of the story's seconds pass in one of ours.
    pace: float = 1.0
    strangers: int = 0
    #: Seconds after the end of the story within which everything must have arrived.
    patience: float = 300.0
    devices: list[Entry] = field(default_factory=list)
    wrongs: list[Wrong] = field(default_factory=list)
    #: Sentences that the daemon must have said.
    says: list[str] = field(default_factory=list)
    #: Whether times may come right only after the readings have arrived.
    amended: bool = False
    #: How often systemd had to start it again.
    restarts: int = 0

    @property
    def name(self) -> str:
        return self.path.stem


def read(path: pathlib.Path) -> Scenario:
    """The scenario of a file; Mistake with its name and what is wrong."""
    try:
        text = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Mistake(f"{path}: {error}") from None
    try:
        known = {"title", "patient", "pace", "strangers", "patience", "device", "wrong", "says", "restarts", "amended"}
        only(text, known)
        if "title" not in text:
            raise ValueError("has no title")
        scenario = Scenario(path, **{key: value for key, value in text.items() if key not in ("device", "wrong")})
        scenario.devices = [device(dict(table)) for table in text.get("device", [])]
        names = [entry.name for entry in scenario.devices]
        if len(set(names)) < len(names):
            raise ValueError(f"two devices have one name: {', '.join(names)}")
        scenario.wrongs = [wrong(dict(table), names) for table in text.get("wrong", [])]
    except (ValueError, TypeError, KeyError) as error:
        raise Mistake(f"{path}: {error}") from None
    return scenario


def only(table: dict, known) -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"knows no {key!r}; the nearest is {difflib.get_close_matches(key, known, 1, 0)[0]!r}")


def device(table: dict) -> Entry:
    every = models.every() | {"nonin": None}
    only({table.get("model", "none"): None}, every)
    model = table.pop("model")
    measures = table.pop("measures", [])
    for measure in measures:
        if "at" not in measure:
            raise ValueError(f"a measurement of {model} has no 'at'")
    bound = table.pop("bound", "none" if model in ("neighbour", "nonin") else "bind" if model == "fuzzer" else "pair")
    only({bound: None}, ("pair", "bind", "none"))
    name, address = table.pop("id", model), table.pop("address", None)
    return Entry(model, name, address, bound, measures, table)


def wrong(table: dict, devices: list[str]) -> Wrong:
    only({table.get("what", "nothing"): None}, wrongs.WRONGS)
    if ("at" in table) == ("after" in table):
        raise ValueError(f"{table['what']!r} wants either 'at' or 'after'")
    after = table.pop("after", None)
    if after is not None:
        only({after: None}, ("indication", "confirmation"))
    device = table.pop("device", None)
    if device is not None:
        only({device: None}, devices)
    return Wrong(table.pop("what"), table.pop("at", None), after, device, table)
