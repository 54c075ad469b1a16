"""What the virtual home needs of Debian, installed where it is missing."""

import os
import pathlib
import subprocess

PACKAGES = {
    "qemu-system-x86": "the emulator",
    "busybox-static": "the first root file system, and the agent's shell",
    "systemd": "the machine's services; systemd-analyze",
    "kmod": "depmod for the kernel that is unpacked here; modprobe in the machine",
    "udev": "device nodes and events in the machine",
    "bluez": "btattach, btmgmt and gatttool, which run in the machine; bluetoothd for the bench",
    "bsdutils": "script: btmgmt wants a terminal",
    "e2fsprogs": "the file system of the state disk",
}


def cache() -> pathlib.Path:
    """Where kernels and other things that are slow to make are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "vitalsd" / "virtual-home"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_installed(package: str) -> bool:
    """Whether dpkg knows the package as installed."""
    answer = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False)
    return answer.stdout.endswith(" installed")


def install() -> None:
    """Installs what is missing. Without the rights to, it fails and says what to install."""
    missing = [package for package in PACKAGES if not is_installed(package)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise RuntimeError(f"the virtual home needs: apt-get install {' '.join(missing)}")
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-qq"], **quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], **quiet)
