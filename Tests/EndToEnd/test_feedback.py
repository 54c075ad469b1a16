"""Whoever has measured is told at once that the reading is kept, and then that the clinic has it."""

import os

import pytest

from conftest import eventually, measure


class Light:
    """A folder as those under /sys/class/leds."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "max_brightness").write_text("255\n")
        (folder / "brightness").write_text("0\n")
        (folder / "trigger").write_text("none [heartbeat] timer\n")

    @property
    def brightness(self) -> str:
        return (self.folder / "brightness").read_text().strip()


def program(folder, body: str):
    """A program that writes its words and what it knows to a file, and then does something."""
    path, heard = folder / "chime", folder / "heard"
    path.write_text(f"#!/bin/sh\necho \"$*\" >> {heard}\nenv >> {folder}/environment\n{body}\n")
    path.chmod(0o755)
    return path, lambda: heard.read_text().splitlines() if heard.exists() else []


def test_a_light_is_on_until_the_clinic_has_it(home, clinic, cuff, tmp_path):
    light = Light(tmp_path / "green")
    home.add(f"[Feedback]\nLED={light.folder}")
    clinic.stop()
    home.start()
    measure(cuff, 147)
    eventually(lambda: light.brightness == "255")
    assert (light.folder / "trigger").read_text() == "none"
    clinic.start()
    eventually(lambda: clinic.blood_pressures() == [(147, 80)])
    eventually(lambda: light.brightness == "0")


def test_a_command_hears_one_word_and_nothing_else(home, clinic, cuff, tmp_path):
    path, heard = program(tmp_path, "")
    home.add(f"[Feedback]\nCommand={path}")
    clinic.stop()
    home.start(env={**os.environ, "SECRET_OF_THE_DAEMON": "1"})
    measure(cuff, 147)
    eventually(lambda: heard() == ["received"])
    clinic.start()
    eventually(lambda: heard() == ["received", "delivered"])
    environment = (tmp_path / "environment").read_text()
    assert "SECRET" not in environment and "147" not in environment and "4711" not in environment


def test_one_that_hangs_holds_nobody_up_and_is_alone(home, clinic, cuff, tmp_path):
    path, heard = program(tmp_path, "exec sleep 60")
    home.add(f"[Feedback]\nCommand={path}")
    home.start()
    for number in range(5):
        measure(cuff, 120 + number)
    eventually(lambda: len(clinic.blood_pressures()) == 5)
    eventually(lambda: heard() == ["received"])
    # It is ended in the end, and what happened meanwhile is told, each sign once.
    eventually(lambda: len(heard()) == 3)
    assert heard() in (["received", "received", "delivered"], ["received", "delivered", "received"])


@pytest.mark.parametrize("key", ["LED=no-such-light", "Command=/no/such/program"])
def test_what_is_not_there_is_said_once_and_costs_no_reading(home, clinic, cuff, key):
    home.add(f"[Feedback]\n{key}")
    home.start()
    measure(cuff, 121, 122)
    eventually(lambda: clinic.blood_pressures() == [(121, 80), (122, 80)])
    measure(cuff, 123)
    eventually(lambda: len(clinic.blood_pressures()) == 3)
    assert home.log.count(key.split("=")[0] + "=]") == 1


def test_what_is_no_light_is_refused(home):
    home.add("[Feedback]\nLED=../class/x")
    answer = home.run("status")
    assert answer.returncode == 78 and "LED takes a name under /sys/class/leds" in answer.stderr
