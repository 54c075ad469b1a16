"""`vitalsd demo`: the story that newcomers see ends well, in a pipe as in a terminal."""

import os
import subprocess

from conftest import VITALSD


def test_the_story_ends_well(tmp_path):
    story = subprocess.run(
        [VITALSD, "demo"], env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False)
    assert story.returncode == 0, story.stdout[-3000:] + story.stderr
    assert "each of them once" in story.stdout
    assert "left alone" in story.stdout
    assert "\x1b" not in story.stdout
    # Nothing stays behind.
    assert list(tmp_path.iterdir()) == []
