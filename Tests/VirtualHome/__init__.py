"""The virtual home: vitalsd against a real kernel, Bluetooth stack, USB serial driver and udev, without hardware.

One virtual machine runs Debian's kernel under software emulation on the host's own root file system, so that what was just
built runs in it as it is. The devices of the home are on the host's side: serial ones at the far end of an emulated FTDI
converter, Bluetooth ones as simulated peripherals behind an emulated controller.

    virtual machine                                    host
    ┌──────────────────────────────┐
    │ systemd ── vitalsd.service   │
    │  │    │        │             │
    │  │    │   bluetooth ─ hci0 ──┼─ H4 over ttyS1 ──── Radio: hub controller ─ link ─ Peripheral, Peripheral, …
    │  │   ftdi_sio ─ /dev/ttyUSB0 ┼─ USB ────────────── SerialDevice: a socket
    │  └── virtio_net ─────────────┼─ user networking ── 10.0.2.2 is the host's loopback
    │ agent (guest/agent) ─────────┼─ virtio-serial ──── Home.run, Home.spawn
    │ /state ──────────────────────┼─ virtio disk ────── Card: an ext4 image, less what was not flushed at a power cut
    └──────────────────────────────┘

Play a scenario with `make home SCENARIO=…` (scenarios/README.md). To add a device, copy a file of `models/`; to add
something that goes wrong, write a function in `wrongs.py`. Below that: `home.Home`, which `conftest.py` offers to tests as the
fixture `home`.
"""
