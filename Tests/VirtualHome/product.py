"""The product as a package would install it, from what is built already."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

ROOT = pathlib.Path(__file__).parents[2]


def program() -> pathlib.Path:
    """The program that VITALSD names."""
    return pathlib.Path(shutil.which(os.environ.get("VITALSD", "vitalsd")) or "vitalsd").resolve()


def install(stage: pathlib.Path) -> None:
    """`make install` into a folder, which the first root file system lays over the machine's root."""
    if program().exists():
        subprocess.run(
            ["make", "-s", "-C", ROOT, "-o", "build", "install", f"BUILT={program().parent}", f"DESTDIR={stage}"],
            check=True, capture_output=True)


def package() -> pathlib.Path:
    """What `make deb` has built."""
    (built,) = (ROOT / ".build" / "debian").glob("vitalsd_*.deb")
    return built


def exposure() -> float:
    """What `systemd-analyze security` makes of the shipped unit: 0 is perfectly shut, 10 wide open."""
    text = (ROOT / "systemd" / "vitalsd.service").read_text().replace("@BINDIR@", "/bin")
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"unit-{os.getpid()}"
    folder.mkdir()
    try:
        unit = folder / "vitalsd.service"
        unit.write_text(re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", text))
        said = subprocess.run(
            shlex.split("systemd-analyze security --offline=true --no-pager") + [unit], capture_output=True, text=True,
            check=True).stdout
    finally:
        shutil.rmtree(folder)
    return float(re.search(r"exposure level for vitalsd.service: ([\d.]+)", said)[1])
