"""BlueZ's own tools in the machine, to prove the radio without the daemon: btmgmt for management, gatttool for ATT."""

from .home import Home, eventually


def btmgmt(home: Home, words: str, within: float = 180) -> str:
    """One command of btmgmt, which does nothing without a terminal."""
    return home.run(f'script -qec "btmgmt {words}" /dev/null', within).output


def gatttool(home: Home, address: str, words: str, secure: bool = False, within: float = 180) -> str:
    """One command of gatttool over the kernel's ATT socket; `secure` asks the kernel for an encrypted link."""
    level = "medium" if secure else "low"
    return home.run(f"gatttool -l {level} -t public -b {address} {words}", within).output


def pair(home: Home, address: str) -> bool:
    """Pairs with a device, LE Secure Connections, Just Works, and says whether it agreed."""
    for setting in ("power on", "bondable on", "sc on"):
        btmgmt(home, setting)
    # The confirmation is asked for in a dialogue only.
    home.run("rm -f /run/dialogue; mkfifo /run/dialogue")
    dialogue = home.spawn('exec 4<>/run/dialogue; exec script -qec btmgmt /dev/null <&4')
    eventually(lambda: "[mgmt]" in dialogue.output)
    home.run(f'echo "pair -c 3 -t 1 {address}" >/run/dialogue')
    asked = eventually(lambda: "(yes/no)" in dialogue.output or ") failed" in dialogue.output) and dialogue.output
    if "(yes/no)" in asked:
        home.run("echo yes >/run/dialogue")
    end = eventually(lambda: next((word for word in ("Paired with", ") failed") if word in dialogue.output), None))
    dialogue.kill()
    return end == "Paired with"
