"""That the proof of the scenarios can fail."""

import pytest

from .bluez import btmgmt
from .home import eventually
from .models.cuff import Cuff
from .witness import Witness


@pytest.fixture
def open_cuff(home):
    """A cuff that tells anyone, and not before gatttool listens: it takes a moment after it has subscribed."""
    cuff = Cuff(home.radio, encrypted=False)
    cuff.delay = 1
    btmgmt(home, "power on")
    return cuff


LISTEN = "gatttool -t public -b {} --char-write-req -a 0x0009 -n 0200 --listen"


def test_the_witness_sees_what_was_confirmed_and_not_kept(home, open_cuff):
    """gatttool confirms whatever comes, and keeps nothing: so the proof of the other tests can fail."""
    open_cuff.measure(128, 82, 71)
    (held,) = open_cuff.memory
    witness = Witness(home)
    open_cuff.advertise()
    home.spawn(LISTEN.format(open_cuff.address))
    eventually(lambda: not open_cuff.memory)
    witness.close()
    assert [sight.record for sight in witness.missing()] == [held]
