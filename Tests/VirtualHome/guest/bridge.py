"""Hands an adapter of the machine to whoever connects: its HCI user channel over TCP, in H4. Arguments: hciN's N, port."""

import ctypes
import select
import socket
import struct
import sys

AF_BLUETOOTH, BTPROTO_HCI, USER_CHANNEL = 31, 1, 1
index, port = int(sys.argv[1]), int(sys.argv[2])

adapter = socket.socket(AF_BLUETOOTH, socket.SOCK_RAW, BTPROTO_HCI)
address = struct.pack("HHH", AF_BLUETOOTH, index, USER_CHANNEL)
if ctypes.CDLL(None, use_errno=True).bind(adapter.fileno(), address, len(address)):
    sys.exit(f"bind: errno {ctypes.get_errno()}")
listener = socket.create_server(("0.0.0.0", port))
print("ready", flush=True)
host, _ = listener.accept()
# From the host comes a stream: where the length stands behind the packet's type, and how long it is.
LENGTHS = {1: (3, "B"), 2: (3, "<H"), 3: (3, "B")}
waiting = b""
while True:
    readable, _, _ = select.select([adapter, host], [], [])
    if adapter in readable:
        host.sendall(adapter.recv(4096))
    if host in readable:
        if not (piece := host.recv(4096)):
            break
        waiting += piece
        while waiting:
            at, form = LENGTHS[waiting[0]]
            head = at + struct.calcsize(form)
            if len(waiting) < head or len(waiting) < (whole := head + struct.unpack_from(form, waiting, at)[0]):
                break
            adapter.send(waiting[:whole])
            waiting = waiting[whole:]
