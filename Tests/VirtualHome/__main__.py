"""python -m VirtualHome SCENARIO.toml …: boots a home, plays scenarios in it, and prints what was taken and what arrived."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from . import product
from .home import Home
from .play import Play
from .scenario import Mistake, read


def main() -> int:
    parser = argparse.ArgumentParser(prog="VirtualHome", description=__doc__)
    parser.add_argument("scenario", nargs="+", type=pathlib.Path, help="a file such as Tests/VirtualHome/scenarios/*.toml")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="where the daemon's and the radio's log go")
    arguments = parser.parse_args()
    try:
        scenarios = [read(path) for path in arguments.scenario]
    except Mistake as mistake:
        parser.error(str(mistake))
    began, failed = time.monotonic(), 0

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f}  {line}", flush=True)

    say(f"booting; the shipped unit's exposure is {product.exposure()} (systemd-analyze security)")
    home = Home()
    try:
        home.boot()
        for scenario in scenarios:
            say(f"── {scenario.name}: {scenario.title}")
            with tempfile.TemporaryDirectory() as folder:
                play = Play(home, scenario, pathlib.Path(folder), say)
                try:
                    play.run()
                    say("as it should be")
                except Exception as error:
                    failed += 1
                    say(f"FAILED: {error or type(error)}")
                finally:
                    if arguments.keep:
                        arguments.keep.mkdir(exist_ok=True, parents=True)
                        (arguments.keep / f"{scenario.name}.log").write_text(play.hub.log)
                    play.close()
            if home.is_up:
                home.tidy()
            else:
                home.boot()
        if arguments.keep:
            shutil.copy(home.shared / "btsnoop.log", arguments.keep)
    finally:
        home.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
