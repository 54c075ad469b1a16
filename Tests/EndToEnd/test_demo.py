"""`vitalsd demo`: the story that newcomers see ends well, in a pipe as in a terminal."""

import os
import subprocess

from conftest import VITALSD, vitalsd


def test_the_story_ends_well(tmp_path):
    story = subprocess.run(
        [VITALSD, "demo"], env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False)
    assert story.returncode == 0, story.stdout[-3000:] + story.stderr
    assert "each of them once" in story.stdout
    assert "left alone" in story.stdout
    assert "\x1b" not in story.stdout
    # Nothing stays behind.
    assert list(tmp_path.iterdir()) == []


def test_a_real_server_is_tried_with_a_marked_home(home, clinic):
    """The server does what a hub relies on, and everything about a person there is marked as a test."""
    tried = vitalsd("demo", "--server", clinic.url, "--configuration", home.file)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert tried.stdout.count("yes  ") == 4 and "NO" not in tried.stdout
    for resource in clinic.ask("_all")["resources"]:
        if resource["resourceType"] != "Device":
            labels = [label["code"] for label in resource["meta"]["security"]]
            assert labels == ["HTEST"], resource
    kinds = {o["code"]["coding"][0]["code"] for o in clinic.observations()}
    assert {"150456", "150020", "188736"} <= kinds
    # Tried again it is another measurement of the same devices.
    devices = [r for r in clinic.ask("_all")["resources"] if r["resourceType"] == "Device"]
    assert vitalsd("demo", "--server", clinic.url, "--configuration", home.file).returncode == 0
    assert [r for r in clinic.ask("_all")["resources"] if r["resourceType"] == "Device"] == devices


def test_what_stands_between_us_and_the_server_is_named(clinic):
    tried = vitalsd("demo", "--server", clinic.url)
    assert tried.returncode == 69 and tried.stderr.startswith("vitalsd: clinic: ")
