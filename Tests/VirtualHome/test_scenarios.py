"""The files of `scenarios/`, played in the home: what is taken there arrives at the clinic, once, and with its time.

`make test` plays those that take little time; `make home-scenarios` plays all of them."""

import pathlib
import time

import pytest

from .play import Play
from .scenario import read

BRIEF = {"a-day", "adapter", "catalogue", "crowd", "difficult", "first-day", "killed"}

FILES = [
    pytest.param(file, id=file.stem, marks=[] if file.stem in BRIEF else [pytest.mark.long])
    for file in sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.toml"))]


@pytest.mark.parametrize("file", FILES)
def test_scenario(home, file, tmp_path):
    began = time.monotonic()
    play = Play(home, read(file), tmp_path, lambda line: print(f"{time.monotonic() - began:7.1f}  {line}"))
    try:
        play.run()
    finally:
        print(play.hub.log[-6000:])
        play.close()
