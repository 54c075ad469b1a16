"""A cuff whose every word may be wrong: what a broken or hostile device says."""

import random

from .cuff import Cuff


class Fuzzer(Cuff):
    """Answers as a cuff does, but changes, cuts, lengthens, repeats or drops what it sends; it never runs out of records."""

    model = "fuzzer"
    default_address = "00:09:1F:00:00:EE"
    options = Cuff.options | {
        "seed": "of its dice (1)", "wildness": "the share of its PDUs that are wrong (0.3)",
    }
    seed, wildness, encrypted = 1, 0.3, False
    on_air = float("inf")

    def __init__(self, radio, address: str | None = None, **options):
        #: How many PDUs it has spoilt.
        self.spoilt = 0
        super().__init__(radio, address, **options)
        self._dice = random.Random(self.seed)

    def transmit(self, pdu: bytes) -> list[bytes]:
        dice = self._dice
        if dice.random() >= self.wildness:
            return [pdu]
        self.spoilt += 1
        match dice.randrange(7):
            case 0:
                changed = bytearray(pdu)
                for _ in range(dice.randint(1, 4)):
                    changed[dice.randrange(len(changed))] = dice.randrange(256)
                return [bytes(changed)]
            case 1:
                return [pdu[:dice.randrange(len(pdu))]]
            case 2:
                return [pdu + dice.randbytes(dice.randint(1, 500))]
            case 3:
                return [pdu, pdu]
            case 4:
                return []
            case 5:
                return [dice.randbytes(dice.randint(0, 40)), pdu]
            case _:
                return [bytes([dice.choice([0x1B, 0x1D, 0x23])]) + dice.randbytes(dice.randint(0, 30)), pdu]

    async def serve(self, connection) -> None:
        while len(self.memory) < 3:
            self.measure(self._dice.randint(60, 250), self._dice.randint(30, 150))
        await super().serve(connection)
