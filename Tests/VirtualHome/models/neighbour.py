"""A neighbour's cuff: the very model, through the wall."""

from .cuff import Cuff


class Neighbour(Cuff):
    """On the air all the time with something to tell; nobody of this home may hear it."""

    model = "neighbour"
    default_address = "00:09:1F:00:00:99"
    on_air = float("inf")
