"""A week offline: everything waits, and then the clinic is there. Beside `curl`, which posts the same bundles to the same
receiver and keeps nothing."""

import gzip
import pathlib
import subprocess
import time

import peers
from home import Daemon, Home


def drain(table, folder: pathlib.Path, quick: bool) -> None:
    devices, records = (16, 60) if quick else (64, 157)
    total = devices * records
    table.head(f"A week offline: {total} blood pressures wait for a clinic over TLS, which then takes them in one go")
    folder.mkdir(parents=True, exist_ok=True)
    sent = folder / "sent"
    sent.mkdir()
    receiver = peers.Receiver(folder / "receiver", sent)
    home = Home(folder)
    at = receiver.folder
    credentials = f"AuthorityFile={at}/ca.pem\nCertificateFile={at}/hub.pem\nKeyFile={at}/hub.key"
    daemon = Daemon(folder, "https://localhost:1/", credentials)
    daemon.start()
    daemon.bind(0, devices)
    home.popen.stdin.write(f"go 0 {devices} {records}\n")
    home.popen.stdin.flush()
    wait(lambda: daemon.receipts()[1] == total)
    written, cpu = daemon.process.written(), daemon.process.cpu()
    daemon.process.forget_touched()
    daemon.redirect(receiver.url)
    begin = time.monotonic()
    wait(lambda: daemon.receipts()[:2] == (total, 0))
    took = time.monotonic() - begin
    written, cpu = daemon.process.written() - written, daemon.process.cpu() - cpu
    peak, touched = daemon.process.status("VmHWM") / 1024, daemon.process.touched() / 1024
    anonymous = daemon.process.status("RssAnon") / 1024
    counts = receiver.counts()
    batch = counts["bytes"] / total
    bare = curl(folder, sent)
    table.row("drained", total / took, "/s", total / bare, "curl, same bundles and receiver")
    table.row("    processor time of the daemon", cpu / total * 1e6, "µs each")
    table.row("    disk written per reading", written / total, "bytes")
    table.row("    requests", counts["transactions"])
    table.row("    peak resident memory", peak, "MB", 16, "limit", "< 16 MB", peak < 16)
    table.row("    of it used while it drained", touched, "MB", 16, "limit", "< 16 MB", touched < 16)
    table.row("    of it the daemon's own (RssAnon, after)", anonymous, "MB")
    table.row("on the wire per reading, in a batch", batch, "bytes")
    table.row("    compressed, where the clinic takes it", compressed(sent) / total, "bytes")
    alone = min((file.stat().st_size for file in sent.iterdir()), default=0)
    table.row("the smallest bundle of them", alone, "bytes")
    daemon.stop()
    home.stop()
    receiver.stop()


def compressed(sent: pathlib.Path) -> int:
    """As the daemon would: each bundle by itself, at zlib's usual level."""
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in sent.iterdir())


def curl(folder: pathlib.Path, sent: pathlib.Path) -> float:
    """Seconds that curl needs, over one connection, to a receiver that has nothing yet."""
    receiver = peers.Receiver(folder / "again")
    at = receiver.folder
    lines = []
    for file in sorted(sent.iterdir()):
        lines.append("\n".join([
            f'url = "{receiver.url}"', f'data-binary = "@{file}"', 'header = "Content-Type: application/fhir+json"',
            'header = "Expect:"', f'cacert = "{at}/ca.pem"', f'cert = "{at}/hub.pem"', f'key = "{at}/hub.key"',
            'output = "/dev/null"', "fail"]))
    file = folder / "curl"
    file.write_text("\nnext\n".join(lines))
    begin = time.monotonic()
    subprocess.run(["curl", "--silent", "--show-error", "--config", file], check=True)
    took = time.monotonic() - begin
    receiver.stop()
    return took


def wait(condition) -> None:
    end = time.monotonic() + 600
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the drain does not end")
        time.sleep(0.02)
