"""Makes system calls of a running daemon fail, at a test's will: the near side of faults.c."""

import errno
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import time

HERE = pathlib.Path(__file__).parent
CALLS = ["open", "read", "read-at", "write", "sync", "truncate", "map", "socket", "connect", "accept", "send", "receive", "wait", "watch",
         "poll", "ioctl", "set-line", "rename", "unlink", "make-directory", "allocate", "lock", "close"]
#: What a descriptor is: a file, a serial line, a socket on this machine, a socket to the clinic, a source of events.
KINDS = ["file", "line", "near", "far", "event"]
#: Half of it is done; or nothing, and the daemon is dead; or all of it, five seconds later; or nothing, as late.
HALF, DEATH, DELAY, FAILURE = -1, -2, -3, -4

#: What Linux may answer, by the manual pages of these calls.
POSSIBLE = {
    ("open", "file"): [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EIO, errno.EINTR, errno.EACCES],
    ("open", "line"): [errno.EMFILE, errno.ENOMEM, errno.EIO, errno.EBUSY, errno.ENXIO, errno.EACCES, errno.EINTR],
    ("read", "file"): [errno.EIO, errno.EINTR, HALF],
    ("read-at", "file"): [errno.EIO, HALF],
    ("read", "line"): [errno.EIO, errno.EINTR, errno.EAGAIN, HALF],
    ("write", "file"): [errno.ENOSPC, errno.EIO, errno.EINTR, errno.EDQUOT, HALF],
    ("write", "line"): [errno.EIO, errno.EINTR, errno.EAGAIN, HALF],
    ("sync", "file"): [errno.EIO, errno.ENOSPC],
    ("truncate", "file"): [errno.EIO, errno.EINTR, errno.ENOSPC],
    ("map", "file"): [errno.ENOMEM, errno.ENFILE],
    ("socket", "near"): [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM],
    ("socket", "far"): [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM],
    ("connect", "near"): [errno.ECONNREFUSED, errno.EAGAIN, errno.EINTR, errno.ENOMEM],
    ("connect", "far"): [errno.ECONNREFUSED, errno.ETIMEDOUT, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL],
    ("accept", "near"): [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ECONNABORTED, errno.EINTR],
    ("send", "near"): [errno.ECONNRESET, errno.EPIPE, errno.EINTR, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN],
    ("send", "far"): [errno.ECONNRESET, errno.EPIPE, errno.EINTR, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN, HALF],
    ("receive", "near"): [errno.ECONNRESET, errno.EINTR, errno.ENOMEM],
    ("receive", "far"): [errno.ECONNRESET, errno.ETIMEDOUT, errno.EINTR, errno.ENOMEM, errno.EAGAIN, HALF],
    ("wait", "file"): [errno.EINTR],
    ("watch", "near"): [errno.ENOMEM, errno.ENOSPC],
    ("watch", "line"): [errno.ENOMEM, errno.ENOSPC],
    ("poll", "file"): [errno.EINTR, errno.ENOMEM],
    ("ioctl", "line"): [errno.EIO, errno.EINTR],
    ("set-line", "line"): [errno.EIO, errno.EINTR],
    ("rename", "file"): [errno.EIO, errno.ENOSPC],
    ("unlink", "file"): [errno.EIO],
    ("make-directory", "file"): [errno.ENOSPC, errno.EIO],
    ("allocate", "file"): [errno.ENOSPC, errno.EINTR, errno.EIO],
    ("lock", "file"): [errno.EINTR, errno.ENOMEM],
}


class Faults:
    """Shared with the daemon, which looks at it in every call."""

    def __init__(self, folder: pathlib.Path, seed: int = 1):
        library, file = folder / "faults.so", folder / "faults"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c"], check=True)
        file.write_bytes(bytes(16 + 16 * len(CALLS) * len(KINDS)))
        with file.open("r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 0)
        struct.pack_into("<I", self.memory, 0, seed)
        #: How many calls failed in ways that are over.
        self.past = 0
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(file)}

    def at(self, call: str, kind: str) -> int:
        return 16 + 16 * (CALLS.index(call) * len(KINDS) + KINDS.index(kind))

    def fail(self, call: str, kind: str, how: int, one_in: int = 1) -> None:
        """From now on; counts from 0 again, so that each new way comes about where the call is made often enough."""
        self.past += self.failed(call, kind)
        struct.pack_into("<IiII", self.memory, self.at(call, kind), one_in, how, 0, 0)

    def heal(self) -> None:
        for call, kind in POSSIBLE:
            self.fail(call, kind, 0, 0)

    def failed(self, call: str, kind: str) -> int:
        """How often it failed in this way."""
        return struct.unpack_from("<I", self.memory, self.at(call, kind) + 8)[0]

    @property
    def all_failed(self) -> int:
        return self.past + sum(self.failed(*each) for each in POSSIBLE)

    @property
    def calls(self) -> int:
        return struct.unpack_from("<I", self.memory, 8)[0]

    def kill_at(self, call: int) -> None:
        """Counts from 0 again, and kills the daemon before it does this call; 0 for never."""
        struct.pack_into("<II", self.memory, 4, call, 0)

    def outlive(self, home, is_quiet) -> bool:
        """Waits for the daemon's death at the drawn call; kills it where it has nothing left to do before. True where it
        came to the call."""
        end = time.monotonic() + 20
        while home.is_running and time.monotonic() < end and not is_quiet():
            time.sleep(0.005)
        rest = time.monotonic() + 0.25
        while home.is_running and time.monotonic() < rest:
            time.sleep(0.005)
        came = not home.is_running
        if not came:
            home.kill()
        assert home.process.returncode == -signal.SIGKILL, "it ended by itself"
        return came

    def draw(self, chance: random.Random, how_many: int, one_in: int) -> list[str]:
        """Lets some calls fail now and then; each in one way, until the next time."""
        self.heal()
        drawn = chance.sample(sorted(POSSIBLE), how_many)
        for call, kind in drawn:
            self.fail(call, kind, chance.choice(POSSIBLE[call, kind]), one_in)
        return [f"{call} {kind}" for call, kind in drawn]


def rests(pid: int) -> bool:
    """Has nothing to do for a third of a second, but for a tick of the processor, and no thread then waits for one. Who spins
    always does, however much others leave it."""
    before = processor_time(pid)
    time.sleep(0.3)
    states = [file.read_text().rpartition(")")[2].split()[0] for file in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return processor_time(pid) - before < 0.015 and "R" not in states


def processor_time(pid: int) -> float:
    """Seconds that a process has used so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
