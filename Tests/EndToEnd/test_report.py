"""`vitalsd report`: what support needs is in it, and nothing that says whose the hub is, wherever that was planted."""

import json
import os
import subprocess
import tarfile

from test_kit import ADDRESS, OTHER, kit, run

STRANGER, NEIGHBOUR = "AA:BB:CC:11:22:33", "Inger Neighbour"
CPR = "010203-1234"


def unpacked(file) -> dict[str, str]:
    """With Python's own tar and gzip; every byte of them is text."""
    with tarfile.open(file, "r:gz") as archive:
        members = archive.getmembers()
        assert all(member.isfile() and member.mode == 0o644 and member.uid == 0 for member in members)
        return {m.name: archive.extractfile(m).read().decode() for m in members}


def journalctl(tmp_path, *lines: str) -> dict[str, str]:
    """A system's log with these lines, for whoever looks for one."""
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    (tmp_path / "lines").write_text("\n".join(lines) + "\n")
    program.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\ncat {tmp_path}/lines\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_nothing_that_was_planted_is_in_it(home, clinic, tmp_path):
    host = os.uname().nodename
    secret = tmp_path / "password"
    secret.write_text("hunter2-secret")
    secret.chmod(0o600)
    home.add(f"""
[Clinic second]
URL={clinic.url}?apikey=s3cr3t-key
CertificateFile={home.folder}/none.pem
KeyFile={home.folder}/none.key
Heartbeat=infinity
[Patient second]
System=urn:oid:1.2.208.999
Identifier=pseudonym-998877
[Oximetry]
KeepStream=no
# Mrs Hansen, 3rd floor
""")
    air, *_ = kit(home, clinic, tmp_path, destinations=2)
    capture = tmp_path / "visit.capture"
    capture.write_text(f"""# device:   5170912345
# display:  120/80, pulse 60
# source:   recorded by hand, of {ADDRESS}
# driver:   and-ua651ble
adv {ADDRESS} name "A&D_UA-651BLE_5170912345" services 1810
@ 0026 2A25 {b"5170912345".hex()}
< 1e 7800 5000 6000
""")
    lines = [
        f"2026-11-28T22:01:02+0100 {host} vitalsd[7]: device: silent [{ADDRESS}]",
        f"2026-11-28T22:01:03+0100 {host} vitalsd[7]: pairing: UA-651BLE at {STRANGER} is bound to nobody; left alone",
        f"2026-11-28T22:01:04+0100 {host} vitalsd[7]: clinic: refused (Patient/unheard-of is not known; CPR {CPR})",
        f"2026-11-28T22:01:05+0100 {host} vitalsd[7]: clinic: Patient/pt-4711 is locked, and so is somebody-else",
        f"2026-11-28T22:01:06+0100 {host} vitalsd[7]: hub: A&D_UA-651BLE_5170998765 said 5170998765",
        f"2026-11-28T22:01:07+0100 {host} vitalsd[7]: device: silent [usb:0403:6001:FTNEIGHBOUR9]",
    ]
    environment = journalctl(tmp_path, *lines)
    file = tmp_path / "report.tar.gz"
    answer = run(home, "report", str(file), str(capture), **environment)
    air.close()
    assert answer.returncode == 0, answer.stderr
    assert "--unit vitalsd" in (tmp_path / "asked").read_text()
    found = unpacked(file)
    assert {name.split("/")[1] for name in found} == {
        "diagnose.json", "diagnose.html", "log.txt", "settings.txt", "versions.txt", "capture-1.capture"}
    planted = [
        ADDRESS, OTHER, STRANGER, ADDRESS.replace(":", "-"), "pt-4711", "somebody-else", "unheard-of", "pseudonym-998877",
        "1.2.208.999", "5170912345", "5170998765", "FTNEIGHBOUR9", b"5170912345".hex(), "hunter2", "s3cr3t", "Hansen", CPR, CPR.replace("-", ""), "147", "151"]
    if len(host) > 2 and host != "localhost":
        planted.append(host)
    for name, text in found.items():
        for secret_word in planted:
            # Readings' values may be part of another number.
            whole = f" {secret_word} " if secret_word.isdigit() and len(secret_word) == 3 else secret_word
            assert whole not in text, (name, secret_word)
            assert whole.lower() not in text.lower(), (name, secret_word)
    # And what support needs is there.
    folder = {name.split("/")[1]: text for name, text in found.items()}
    diagnosis = json.loads(folder["diagnose.json"])
    assert len(diagnosis["devices"]) == 2 and diagnosis["tellsAll"] is False
    assert folder["diagnose.html"].startswith("<!DOCTYPE html>") or "<html" in folder["diagnose.html"]
    assert folder["log.txt"].count("vitalsd[7]") == len(lines) and "00:09:1F:…:01" in folder["log.txt"]
    assert "AA:BB:CC:…:33" in folder["log.txt"]
    assert "Air=" in folder["settings.txt"] and "URL=https://localhost:" in folder["settings.txt"]
    assert "Reference=…" in folder["settings.txt"]
    assert "vitalsd 0." in folder["versions.txt"] and "journal 7" in folder["versions.txt"]
    assert "< 1e 7800 5000 6000" in folder["capture-1.capture"]


def test_it_is_made_of_a_hub_that_does_not_even_start(home, tmp_path):
    home.file.write_text("[Clinic]\nURL=ftp://pt-4711@clinic\n[Patient]\nReference=Patient/pt-4711\nNonsense=4711-secret\n")
    file = tmp_path / "report.tar.gz"
    answer = run(home, "report", str(file))
    assert answer.returncode == 0, answer.stderr
    found = unpacked(file)
    assert "vitalsd-report/diagnose.json" in found and json.loads(found["vitalsd-report/diagnose.json"])["status"] == 30
    for text in found.values():
        assert "4711" not in text


def test_what_is_no_capture_is_not_taken_along(home, tmp_path):
    other = tmp_path / "other"
    other.write_text("something else altogether")
    file = tmp_path / "report.tar.gz"
    answer = run(home, "report", str(file), str(other))
    assert answer.returncode == 78 and "is no capture" in answer.stderr and not file.exists()
    assert run(home, "report").returncode == 64


def test_other_programs_unpack_it(home, tmp_path):
    file = tmp_path / "report.tar.gz"
    assert run(home, "report", str(file)).returncode == 0
    listed = subprocess.run(["tar", "-tzvf", file], capture_output=True, text=True, check=True).stdout
    assert "vitalsd-report/versions.txt" in listed and "-rw-r--r--" in listed
