"""Every file of `scenarios/`, played in the home: what is taken there arrives at the clinic, once, and with its time."""

import pathlib

import pytest

from .play import Play
from .scenario import read

FILES = sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario(home, file, tmp_path):
    play = Play(home, read(file), tmp_path, print)
    try:
        play.run()
    finally:
        print(play.hub.log[-6000:])
        play.close()
