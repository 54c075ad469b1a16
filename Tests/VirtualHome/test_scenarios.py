"""The files of `scenarios/`, played in the home: what is taken there arrives at the clinic, once, and with its time.

`make test` plays those that take little time; `make home-scenarios` plays all of them."""

import os
import pathlib

import pytest

from .play import Play
from .scenario import read

BRIEF = {"a-day", "adapter", "cable-and-air", "crowd", "dead-controller", "fuzzed"}

#: What does not come out yet as the scenario tells it.
NOT_YET = {
    "autumn-fold": "the home was away for a year between two visits: the daemon tells periods, where the story wants instants",
}

FILES = [
    pytest.param(file, id=file.stem, marks=[
        pytest.mark.xfail(reason=NOT_YET[file.stem], raises=AssertionError, strict=True)] if file.stem in NOT_YET else [])
    for file in sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.toml"))
    if file.stem in BRIEF or os.environ.get("SCENARIOS") == "all"]


@pytest.mark.parametrize("file", FILES)
def test_scenario(home, file, tmp_path):
    play = Play(home, read(file), tmp_path, print)
    try:
        play.run()
    finally:
        print(play.hub.log[-6000:])
        play.close()
