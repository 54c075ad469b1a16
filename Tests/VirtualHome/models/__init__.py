"""The peripherals of the home, one file each.

To add one: copy `thermometer.py`, say what the device is and how its records look, and name it in a scenario by its `model`.
Every class of this folder that has a `model` is found by that; there is no list to be kept.
"""

import importlib
import pathlib
import pkgutil

from ..peripheral import Peripheral


def every() -> dict[str, type[Peripheral]]:
    """All models by name."""
    for module in pkgutil.iter_modules([str(pathlib.Path(__file__).parent)]):
        importlib.import_module(f"{__name__}.{module.name}")
    found, classes = {}, [Peripheral]
    while classes:
        classes += (parent := classes.pop()).__subclasses__()
        if parent.__dict__.get("model"):
            found[parent.model] = parent
    return found
