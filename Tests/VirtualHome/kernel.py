"""Debian's kernel, unpacked beside the host's own, and the first root file system that leads into the host's."""

import lzma
import pathlib
import re
import shutil
import struct
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
    return Kernel(version, unpacked_image(root / "boot" / f"vmlinuz-{version}"), root / "lib" / "modules" / version)


def unpacked_image(packed: pathlib.Path) -> pathlib.Path:
    """The kernel in `packed` as the ELF file that the emulator starts by itself (PVH): to unpack it takes a machine that is
    emulated five seconds of each boot. Where it lies stands in the header of `packed` (Linux: Documentation/x86/boot.rst,
    `setup_sects`, `payload_offset`, `payload_length`)."""
    image = packed.with_name(packed.name.replace("vmlinuz", "vmlinux"))
    if not image.exists():
        data = packed.read_bytes()
        sectors, (offset, length) = data[0x1F1] or 4, struct.unpack_from("<2I", data, 0x248)
        start = (sectors + 1) * 512 + offset
        # Behind the archive stands the length of what is in it.
        archive = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        unfinished = image.with_suffix(".unfinished")
        unfinished.write_bytes(archive.decompress(data[start : start + length]))
        unfinished.rename(image)
    return image


def first_root(kernel: Kernel, image: pathlib.Path) -> None:
    """Writes the initramfs: a static busybox, the modules that 9p and overlay need in their order, and `guest/initramfs`."""
    shown = subprocess.run(
        ["modprobe", "-d", kernel.modules.parents[2], "-S", kernel.version, "--show-depends", "-a", *FIRST_MODULES],
        capture_output=True, text=True, check=True)
    modules = list(dict.fromkeys(re.findall(r"^insmod (\S+)", shown.stdout, re.MULTILINE)))
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ["bin", "modules", "dev", "proc", "sys", "lower", "installed", "upper", "new"]:
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
