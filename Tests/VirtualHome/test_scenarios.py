"""The files of `scenarios/`, played in the home: what is taken there arrives at the clinic, once, and with its time.

`make test` plays those that take little time and have proved steady; `make home-scenarios` plays all of them."""

import os
import pathlib

import pytest

from .play import Play
from .scenario import read

STEADY = {"adapter", "cable-and-air", "crowd"}

FILES = [
    pytest.param(file, id=file.stem)
    for file in sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.toml"))
    if file.stem in STEADY or os.environ.get("SCENARIOS") == "all"]


@pytest.mark.parametrize("file", FILES)
def test_scenario(home, file, tmp_path):
    play = Play(home, read(file), tmp_path, print)
    try:
        play.run()
    finally:
        print(play.hub.log[-6000:])
        play.close()
