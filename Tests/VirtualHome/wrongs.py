"""What can go wrong in a home: one function each. Where it is a generator, what stands behind `yield` puts it right again
after `for` seconds of the story, or once the daemon has said `until`. To add one: write it, and name it in a scenario by the words of its name.
"""

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta

WRONGS: dict[str, Callable] = {}


def wrong(function: Callable) -> Callable:
    WRONGS[function.__name__.replace("_", " ")] = function
    return function


@wrong
def kill(play):
    """The daemon dies at once; systemd starts it again."""
    play.shots += 1
    play.hub.kill(play.gun)


@wrong
def restart(play):
    """Somebody restarts the service."""
    play.home.spawn("systemctl restart vitalsd")


@wrong
def power_cut(play):
    """The machine is without power, and boots again."""
    play.home.cut_power()
    yield
    play.boot()


@wrong
def no_network(play):
    """The hub's cable is pulled."""
    play.home.set_network(False)
    yield
    play.home.set_network(True)


@wrong
def no_adapter(play):
    """The Bluetooth adapter is pulled out."""
    play.home.detach_adapter()
    yield
    play.home.attach_adapter()


@wrong
def dead_controller(play):
    """The Bluetooth controller answers nothing any more, and tells nothing."""
    play.home.radio.is_dead = True
    yield
    # A watchdog, or a person, has reset it: on USB it comes back as a new one.
    play.home.detach_adapter()
    play.home.radio.is_dead = False
    play.home.attach_adapter()


@wrong
def deaf_controller(play):
    """The same, but it comes to its senses by itself."""
    play.home.radio.is_dead = True
    yield
    play.home.radio.is_dead = False


@wrong
def rfkill(play):
    """Somebody switches Bluetooth off."""
    play.home.run("echo 1 | tee /sys/class/rfkill/*/soft")
    yield
    play.home.run("echo 0 | tee /sys/class/rfkill/*/soft")


@wrong
def bluetoothd(play):
    """Somebody installs a program that wants bluetoothd, and it takes every adapter that it sees."""
    # The home masks what the host would start with.
    masked = "bluetooth.service dbus-org.bluez.service dbus.service dbus.socket"
    play.home.spawn(f"cd /run/systemd/system && rm -f {masked} && systemctl daemon-reload && systemctl start bluetooth")
    yield
    play.home.run("systemctl stop bluetooth dbus.socket dbus")


@wrong
def slow_disk(play, writes: int = 4):
    """The hub's disk does so many writes a second."""
    play.home.slow_disk(writes)
    yield
    play.home.slow_disk(0)


@wrong
def pulled_cable(play, device):
    """The cable of a serial device is pulled, and plugged in again."""
    device.line.unplug()
    yield
    device.plug()


@wrong
def lost_bond(play, device):
    """The device has forgotten the hub, which must not try for ever: it rests for half a minute and longer each time. When it
    is put right, somebody pairs again."""
    device.forget_bonds()
    before = device.connections
    yield
    tried = device.connections - before
    assert 1 <= tried <= 2, f"the hub connected {tried} times to a device that has forgotten it"
    play.hub.pair(device, again=True)
    device.go_on_air()


@wrong
def clock_reset(play, device, seconds: float):
    """The device's battery was changed: its clock is so far ahead, or behind where negative."""
    device.clock_error = timedelta(seconds=seconds)


@wrong
def hub_clock(play, seconds: float):
    """Somebody steps the hub's clock by so much, and nothing vouches for it until the time comes from the network again."""
    play.home.set_clock(play.now + timedelta(seconds=seconds))
    yield
    play.set_clock_right()


@wrong
def no_time(play):
    """The hub boots in 1970 and without a network; time and network come later."""
    play.home.set_network(False)
    play.home.cut_power()
    play.home.boot()
    play.home.set_network(False)
    play.home.set_clock(datetime(1970, 1, 1, 0, 1))
    play.hub.install()
    yield
    play.home.set_network(True)
    play.set_clock_right()


@wrong
def another_day(play, to: datetime, when: float):
    """The home is moved to another day, with all its clocks right; `when` seconds into the story it will be `to`. The hub
    boots there: within one boot no clock goes so far."""
    play.move(to - play.begun - timedelta(seconds=when))
    play.home.cut_power()
    play.home.boot(clock=f"{play.now:%Y-%m-%dT%H:%M:%S}")
    play.set_clock_right()
    play.hub.install()


@wrong
def switched_on(play, device):
    """Somebody switches the device on and measures nothing: the hub sees its clock all the same."""
    device.go_on_air()


@wrong
def out_of_range(play, device):
    """The device is carried away in the middle of what it is doing."""
    device.vanish()
    yield
    device.go_on_air()


@wrong
def clinic(play, mode: str, **more):
    """The clinic's server fails as Tests/Receiver knows it."""
    play.clinic.fault(mode, **more)
    yield
    play.clinic.heal()


def begin(play, wrong) -> Callable[[], None] | None:
    """Lets it happen; what puts it right, if anything does."""
    device = {"device": play.peripherals[wrong.device]} if wrong.device else {}
    more = {key: value for key, value in wrong.more.items() if key not in ("for", "until")}
    happening = WRONGS[wrong.what](play, **device, **more)
    if not inspect.isgenerator(happening):
        return None
    next(happening)
    return lambda: next(happening, None)
