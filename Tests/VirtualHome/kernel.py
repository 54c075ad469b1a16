"""Debian's kernel, unpacked beside the host's own, and the first root file system that leads into the host's."""

import pathlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from .packages import cache

INITRAMFS = pathlib.Path(__file__).parent / "guest" / "initramfs"

# Enough to reach the host's root; everything else is loaded from there by modprobe.
FIRST_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay"]


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: `version` as uname -r says it, `image` to boot, `modules` = …/lib/modules/<version>."""

    version: str
    image: pathlib.Path
    modules: pathlib.Path


def prepare() -> Kernel:
    """The kernel that `linux-image-amd64` stands for, downloaded and unpacked once."""
    depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True)
    if not (found := re.search(r"Depends: (linux-image-(\S+))", depends.stdout)):
        raise RuntimeError("apt knows no linux-image-amd64; run apt-get update")
    package, version = found.groups()
    root = cache() / package
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True, capture_output=True)
            (archive,) = pathlib.Path(folder).glob("*.deb")
            unpacked = pathlib.Path(folder, "root")
            subprocess.run(["dpkg-deb", "-x", archive, unpacked], check=True)
            subprocess.run(["depmod", "-b", unpacked, version], check=True)
            unpacked.rename(root)
    return Kernel(version, root / "boot" / f"vmlinuz-{version}", root / "lib" / "modules" / version)


def first_root(kernel: Kernel, image: pathlib.Path) -> None:
    """Writes the initramfs: a static busybox, the modules that 9p and overlay need in their order, and `guest/initramfs`."""
    shown = subprocess.run(
        ["modprobe", "-d", kernel.modules.parents[2], "-S", kernel.version, "--show-depends", "-a", *FIRST_MODULES],
        capture_output=True, text=True, check=True)
    modules = list(dict.fromkeys(re.findall(r"^insmod (\S+)", shown.stdout, re.MULTILINE)))
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ["bin", "modules", "dev", "proc", "sys", "lower", "upper", "new"]:
            (root / name).mkdir()
        shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
        for number, module in enumerate(modules):
            shutil.copy(module, root / "modules" / f"{number:02}-{pathlib.Path(module).name}")
        shutil.copy(INITRAMFS, root / "init")
        (root / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        with image.open("wb") as file:
            subprocess.run(
                ["busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(), stdout=file,
                stderr=subprocess.DEVNULL, check=True)
