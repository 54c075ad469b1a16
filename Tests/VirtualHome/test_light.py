"""A real LED of the kernel's, under the shipped unit, opened as the documentation says."""

import pathlib

import pytest

from .clinic import Clinic
from .home import eventually
from .hub import Hub
from .play import Serial

DOCUMENTATION = pathlib.Path(__file__).parents[2] / "Sources" / "vitalsd" / "vitalsd.docc" / "Technician.md"


def drop_in(light: str) -> str:
    """What the documentation lets an administrator write, for this LED."""
    text = DOCUMENTATION.read_text().split("```ini\n")[1].split("```")[0]
    return text.replace("NAME", light)


@pytest.fixture
def light(home):
    """The scroll lock of a keyboard, which the kernel lights by a trigger of its own until somebody else takes it."""
    yield eventually(lambda: home.run("cd /sys/class/leds && ls -d *scrolllock").output.strip())
    home.run("rm -rf /run/systemd/system/vitalsd.service.d && systemctl daemon-reload")


@pytest.mark.long
def test_a_light_is_lit_and_blinks_under_the_shipped_unit(home, light, tmp_path):
    folder, status = f"/sys/class/leds/{light}", home.run(f"grep -q '\\[kbd-scrolllock\\]' /sys/class/leds/{light}/trigger").status
    assert status == 0
    done = home.run(f"""mkdir -p /run/systemd/system/vitalsd.service.d && cat >/run/systemd/system/vitalsd.service.d/light.conf <<'.'
{drop_in(light)}
.
systemctl stop vitalsd; systemctl daemon-reload""")
    assert done.status == 0, done.output
    clinic = Clinic(tmp_path)
    try:
        hub = Hub(home, clinic, more=f"[Feedback]\nLED={light}\n")
        hub.install(anew=True)
        home.set_network(False)
        # A shell that starts nothing sees each break of the light.
        seen = home.spawn(f"while read now <{folder}/brightness; do [ \"$now\" = \"$was\" ] || echo $now; was=$now; done")
        oximeter = Serial(home)
        oximeter.plug()
        oximeter.measure(97, 70)
        eventually(lambda: seen.output.split() == ["0", "1"])
        home.set_network(True)
        eventually(lambda: clinic.saturations() == [97])
        # Three breaks, of which a busy machine may not see each.
        eventually(lambda: seen.output.split().count("1") >= 3 and seen.output.split()[-1] == "0")
        assert "LED=" not in hub.log
        hub.stop()
    finally:
        clinic.close()
