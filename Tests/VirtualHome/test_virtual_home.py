"""The virtual home itself, without the daemon: what a scenario builds on is there and behaves."""

import http.server
import signal
import socket
import threading
from datetime import datetime, timedelta

import pytest

from .agent import PowerCut
from .bluez import btmgmt, gatttool, pair
from .home import HOST, eventually
from .models.cuff import Cuff, date_time
from .test_witness import LISTEN, open_cuff  # noqa: F401


pytestmark = pytest.mark.long


def test_commands_run_side_by_side_and_their_ends_are_told_apart(home):
    assert home.run("uname -s; exit 3") == (3, "Linux\n")
    slow = home.spawn("echo begun; sleep 1000")
    eventually(lambda: slow.output == "begun\n")
    assert home.run("echo quick >&2") == (0, "quick\n")
    assert slow.is_running
    assert slow.stop().status == 128 + signal.SIGTERM
    with pytest.raises(TimeoutError):
        home.run("sleep 1000", within=0.5)


def test_the_kernel_has_an_adapter_that_comes_and_goes(home):
    assert "addr 11:22:33:44:55:66" in btmgmt(home, "info")
    home.detach_adapter()
    eventually(lambda: home.run("ls /sys/class/bluetooth").output == "")
    home.attach_adapter()
    assert "powered le" in btmgmt(home, "power on")


def test_the_kernel_hears_who_advertises_and_how_far_it_is(home):
    cuff, silent = Cuff(home.radio), Cuff(home.radio, "00:09:1F:00:00:02")
    cuff.chip.rssi = -71
    cuff.advertise()
    btmgmt(home, "power on")
    heard = btmgmt(home, "find -l")
    assert f"{cuff.address} type LE Public rssi -71" in heard
    assert "name A&D_UA-651BLE_000001" in heard
    assert silent.address not in heard


def test_the_kernel_connects_when_a_cuff_appears(home):
    cuff = Cuff(home.radio)
    btmgmt(home, "power on")
    reader = home.spawn(f"gatttool -t public -b {cuff.address} --char-read --uuid 2a24")
    home.run("sleep 2")
    assert reader.is_running and not cuff.connections
    cuff.advertise()
    assert "value: 55 41 2d 36 35 31 42 4c 45" in reader.wait().output


def test_a_cuff_sends_its_memory_and_erases_what_is_confirmed(home, open_cuff):
    open_cuff.measure(128, 82, 71)
    open_cuff.measure(131, 84, 69)
    held = list(open_cuff.memory)
    open_cuff.advertise()
    listener = home.spawn(LISTEN.format(open_cuff.address))
    eventually(lambda: not open_cuff.memory)
    assert [confirmed.value for confirmed in open_cuff.confirmed] == held
    eventually(lambda: all(record.hex(" ") in listener.output for record in held))


def test_a_cuff_that_is_cut_off_keeps_what_was_not_confirmed(home, open_cuff):
    open_cuff.pause = 1000
    for systolic in (110, 120, 130):
        open_cuff.measure(systolic, 80)
    held = list(open_cuff.memory)
    open_cuff.advertise()
    home.spawn(LISTEN.format(open_cuff.address))
    eventually(lambda: len(open_cuff.memory) < 3)
    open_cuff.vanish()
    assert open_cuff.memory == held[1:]


def test_pairing_bonds_and_a_lost_bond_is_refused(home):
    cuff = Cuff(home.radio)
    cuff.advertise()
    cuff.pairs = False
    assert not pair(home, cuff.address)
    assert cuff.bonds() == []
    cuff.pairs = True
    assert pair(home, cuff.address)
    assert len(cuff.bonds()) == 1
    cuff.clock_error = timedelta(days=-365)
    year = date_time(datetime.now() - timedelta(days=365))[:2].hex(" ")
    assert f"value: {year}" in gatttool(home, cuff.address, "--char-read --uuid 2a08", secure=True)
    cuff.vanish()
    cuff.forget_bonds()
    cuff.advertise()
    refused = home.spawn(f"gatttool -l medium -t public -b {cuff.address} --char-read --uuid 2a08")
    eventually(lambda: "Permission denied" in refused.output)


def test_a_usb_converter_comes_and_goes_with_its_bytes_intact(home):
    events = home.spawn("exec stdbuf -oL udevadm monitor --udev --subsystem-match=tty")
    eventually(lambda: "UDEV" in events.output)
    every_byte = bytes(range(256)) * 8
    for turn in (1, 2):
        device = home.plug_serial("oximeter", serial="FT4711", speed=19200, odd=True)
        eventually(lambda: events.output.count("add ") == turn)
        assert "ID_USB_SERIAL_SHORT=FT4711" in home.run("udevadm info -q property /dev/ttyUSB0").output
        reader = home.spawn(
            "exec 3<>/dev/ttyUSB0; stty -F /dev/ttyUSB0 raw -echo 19200 parenb parodd; printf ready >&3;"
            "head -c 2048 <&3 >/run/bytes; cat /run/bytes >&3; od -An -v -tx1 /run/bytes")
        assert device.receive(5) == b"ready"
        device.send(every_byte)
        assert device.receive(2048) == every_byte
        assert bytes.fromhex(reader.wait().output) == every_byte
        device.unplug()
        eventually(lambda: events.output.count("remove ") == turn)


def test_a_line_that_is_set_otherwise_than_its_device_carries_garbage(home):
    device = home.plug_serial("oximeter", speed=9600)
    reader = home.spawn(
        "until [ -c /dev/ttyUSB0 ]; do sleep 0.1; done; exec 3<>/dev/ttyUSB0;"
        "stty -F /dev/ttyUSB0 19200 raw -echo; head -c 3 <&3; stty -F /dev/ttyUSB0 9600; echo set; head -c 3 <&3")
    eventually(lambda: device.converter == (19200, False))
    device.send(b"abc")
    eventually(lambda: device.converter == (9600, False) and "set" in reader.output)
    device.send(b"abc")
    garbage, _, text = reader.wait().output.partition("set\n")
    assert len(garbage) == 3 and garbage != "abc" and text == "abc"


def test_the_host_can_be_reached_and_the_cable_pulled(home):
    class Clinic(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello from the clinic")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Clinic) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ask = f"exec 3<>/dev/tcp/{HOST}/{server.server_port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
        fetch = lambda: home.run(f'timeout 5 bash -c "{ask}"').output
        assert "hello from the clinic" in fetch()
        home.set_network(False)
        assert "hello" not in fetch()
        home.set_network(True)
        eventually(lambda: "hello from the clinic" in fetch())
        server.shutdown()


def test_the_machine_can_be_reached(home):
    home.spawn("while :; do busybox nc -l -p 4000 -e echo hello from the home; done")
    port = home.forward(4000)

    def hello() -> bytes:
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            return line.makefile("rb").read()

    eventually(lambda: hello() == b"hello from the home\n")


def test_the_clock_can_be_stepped_and_the_time_since_boot_goes_on(home):
    since_boot = "cut -d. -f1 /proc/uptime"
    before = int(home.run(since_boot).output)
    home.set_clock(datetime(2019, 3, 1, 12))
    assert home.run("date -u +%Y-%m-%dT%H").output == "2019-03-01T12\n"
    assert before <= int(home.run(since_boot).output) < before + 60


def test_a_power_cut_loses_nothing_that_was_synced(home):
    home.run("rm -f /state/last")
    writer = home.spawn(
        "n=0; while :; do n=$((n+1)); echo $n >/state/new; sync /state/new;"
        "mv /state/new /state/last; sync /state; echo $n; done")
    eventually(lambda: len(writer.output.split()) >= 8)
    home.cut_power()
    with pytest.raises(PowerCut):
        writer.wait()
    synced = int(writer.output.split()[-1])
    # systemd lets no clock begin before its own making.
    home.boot(clock="2031-03-01T12:00:00")
    assert home.run("date -u +%Y-%m-%dT%H").output == "2031-03-01T12\n"
    assert int(home.run("cat /state/last").output) in (synced, synced + 1)
    assert "powered le" in btmgmt(home, "power on")
