"""The host's end of the channel over which commands run in the machine; see guest/agent for the other."""

import pathlib
import signal
import socket
import threading
from typing import NamedTuple


class Result(NamedTuple):
    """What became of a command: its exit status, 128 + n after signal n, and what it wrote to stdout and stderr."""

    status: int
    output: str


class PowerCut(Exception):
    """The machine ended before the command did."""


class Command:
    """A shell command in the machine. Its output can be read while it runs."""

    def __init__(self, agent: "Agent", folder: pathlib.Path, text: str):
        self._agent, self._folder, self._ended = agent, folder, threading.Event()
        self.text = text
        #: Whether it belongs to the home, and not to a test.
        self.is_ours = False
        self._status: int | None = None

    @property
    def output(self) -> str:
        """What the command has written so far."""
        file = self._folder / "output"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def is_running(self) -> bool:
        return not self._ended.is_set()

    def wait(self, within: float = 60) -> Result:
        """The command's result; TimeoutError if it goes on for longer than `within` seconds."""
        if not self._ended.wait(within):
            raise TimeoutError(f"still running after {within} s: {self.text}\n{self.output[-2000:]}")
        if self._status is None:
            raise PowerCut(self.text)
        return Result(self._status, self.output)

    def signal(self, number: signal.Signals) -> None:
        """Signals the command and everything that it started."""
        self._agent.say(f"signal {self._folder.name} {number.name.removeprefix('SIG')}")

    def stop(self, within: float = 30) -> Result:
        """SIGTERM, and what became of it."""
        if self.is_running:
            self.signal(signal.SIGTERM)
        return self.wait(within)

    def kill(self) -> None:
        """SIGKILL, and the certainty that it is gone."""
        if self.is_running:
            self.signal(signal.SIGKILL)
            self._ended.wait(30)

    def end(self, status: int | None) -> None:
        """Called by the agent: ended with `status`, or with the machine."""
        self._status = status
        self._ended.set()


class Agent:
    """Starts commands over `port` and hears of their end. Made when the machine has said that it is ready."""

    def __init__(self, port: socket.socket, shared: pathlib.Path):
        self._port, self._folder = port, shared / "commands"
        self._folder.mkdir(exist_ok=True)
        self._commands: dict[int, Command] = {}
        self._number = len(list(self._folder.iterdir()))
        self._lines = port.makefile("r")
        if self._lines.readline() != "ready\n":
            raise PowerCut("the machine ended before its agent was ready")
        port.settimeout(None)
        threading.Thread(target=self._hear, daemon=True, name="agent").start()

    def start(self, text: str) -> Command:
        """Starts a shell command; any number may run at once."""
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        (folder / "command").write_text(text)
        command = self._commands[self._number] = Command(self, folder, text)
        self.say(f"start {self._number}")
        return command

    def say(self, line: str) -> None:
        self._port.sendall(line.encode() + b"\n")

    def running(self) -> list[Command]:
        return [command for command in self._commands.values() if command.is_running]

    def _hear(self) -> None:
        try:
            for line in self._lines:
                _, number, status = line.split()
                self._commands[int(number)].end(int(status))
        except OSError:
            pass
        for command in self.running():
            command.end(None)
