"""A Debian of its own in a folder, in which packages are installed as on a hub, without a service manager."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

DEB = pathlib.Path(os.environ["DEB"])
BUILD = DEB.parent
SUITE = "bookworm"


class Root:
    """A root file system; commands run in it with chroot, and with /proc, where Swift looks for its arguments."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', self.folder, *words], env=environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def bring(self, deb: pathlib.Path) -> str:
        shutil.copy(deb, self.folder / "tmp" / deb.name)
        return f"/tmp/{deb.name}"

    def path(self, name: str) -> pathlib.Path:
        return self.folder / name.lstrip("/")

    @property
    def status(self) -> str:
        done = self.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "vitalsd", check=False)
        return done.stdout if done.returncode == 0 else "unknown"


def dependencies() -> list[str]:
    """What the package wants, the first of each choice."""
    field = subprocess.run(["dpkg-deb", "-f", DEB, "Depends"], capture_output=True, text=True, check=True).stdout
    return [re.split(r"[ |]", one.strip())[0] for one in field.split(",")]


@pytest.fixture(scope="session")
def base():
    """Fetched once: Debian's smallest, with what the package depends on, and nothing of ours."""
    folder = BUILD / f"base-{SUITE}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={','.join(dependencies())}", SUITE, folder], check=True,
            stdout=subprocess.DEVNULL)
        (folder / "complete").touch()
    return folder


@pytest.fixture
def root(base, tmp_path):
    folder = tmp_path / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", base, folder], check=True)
    yield Root(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def other_versions(tmp_path_factory):
    """The same package as an older and a newer one."""
    made = {}
    for version in ("0.0.9", "9.0"):
        folder = tmp_path_factory.mktemp("package") / "root"
        subprocess.run(["dpkg-deb", "-R", DEB, folder], check=True)
        control = folder / "DEBIAN" / "control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        made[version] = folder.parent / f"vitalsd_{version}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", folder, made[version]], check=True, capture_output=True)
    return made
