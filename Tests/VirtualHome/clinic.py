"""The clinic outside the home: Tests/Receiver with TLS on the host's loopback, under a name that the machine resolves."""

import json
import pathlib
import re
import subprocess
import sys
import urllib.request
from datetime import datetime
from typing import NamedTuple

from .home import HOST

RECEIVER = pathlib.Path(__file__).parents[1] / "Receiver"
NAME = "clinic.example"


class Reading(NamedTuple):
    """An Observation as a test compares it: values by code, its components' too."""

    #: When it was taken; None where the hub claims only that it was before it came.
    at: datetime | None
    values: dict[str, float]


class Clinic:
    """A FHIR server that takes readings for as long as the test lives, whatever becomes of the machine."""

    def __init__(self, folder: pathlib.Path):
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        subprocess.run(["sh", RECEIVER / "certificates.sh", self.certificates], check=True)
        at = self.certificates
        self._process = subprocess.Popen(
            [sys.executable, RECEIVER / "receiver.py", "--port", "0", "--cert", at / "server.pem",
             "--key", at / "server.key", "--ca", at / "ca.pem", "--store", folder / "clinic.sqlite"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, process_group=0)
        words = dict(word.split("=") for word in self._process.stdout.readline().split()[1:])
        self._control = f"http://127.0.0.1:{words['control']}"
        self.url = f"https://{NAME}:{words['port']}/"

    #: Tells the machine where the clinic's name leads; to be run there after every boot.
    introduction = f"grep -q {NAME} /etc/hosts || echo '{HOST} {NAME}' >>/etc/hosts"

    def _ask(self, path: str, body: dict | None = None, method: str | None = None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self._control}/{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def fault(self, mode: str, **more) -> None:
        """The next transactions fail, as Tests/Receiver explains."""
        self._ask("_fault", {"mode": mode, "times": -1} | more)

    def heal(self) -> None:
        self._ask("_fault", method="DELETE")

    def transactions(self) -> int:
        """How many have come, whatever became of them."""
        return self._ask("_counts").get("transactions", 0)

    def _resources(self, kind: str) -> list[dict]:
        return [resource for resource in self._ask("_all")["resources"] if resource["resourceType"] == kind]

    def observations(self, code: str) -> list[dict]:
        """Every Observation with this MDC code, in the order in which they came; a double stands twice."""
        return [each for each in self._resources("Observation") if each["code"]["coding"][0]["code"] == code]

    def readings(self, code: str, address: str) -> list[Reading]:
        """Those of the device with this Bluetooth address; with no address, those of devices that have none."""
        devices = {f"Device/{device['id']}" for device in self._resources("Device") if address == bluetooth(device)}
        found = []
        for each in self.observations(code):
            if each["device"]["reference"] in devices:
                values = {part["code"]["coding"][0]["code"]: float(part["valueQuantity"]["value"])
                          for part in [each, *each.get("component", [])] if "valueQuantity" in part}
                at = each.get("effectiveDateTime") or measured(each.get("effectivePeriod", {}))
                found.append(Reading(at and datetime.fromisoformat(at), values))
        return found

    def has(self, address: str) -> bool:
        """Whether anything here names the device with this Bluetooth address."""
        return any(address == bluetooth(device) for device in self._resources("Device"))

    def subjects(self) -> set[str]:
        """Whom the readings are about."""
        subjects = {each["subject"]["reference"] for each in self._resources("Observation") if "subject" in each}
        # A coincident time stamp is about a device.
        return {subject for subject in subjects if not subject.startswith("Device/")}

    def saturations(self) -> list[int]:
        """SpO2 (150456) in percent."""
        return [int(spot["valueQuantity"]["value"]) for spot in self.observations("150456") if "valueQuantity" in spot]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def measured(period: dict) -> str | None:
    """The end of a period in which a measurement was taken; those that only bound its time are longer, or lack their start."""
    if "start" not in period or "end" not in period:
        return None
    length = datetime.fromisoformat(period["end"]) - datetime.fromisoformat(period["start"])
    return period["end"] if length.total_seconds() <= 30 else None


def bluetooth(device: dict) -> str:
    """A Device's Bluetooth address as people write it; empty where it has none."""
    names = [each["value"] for each in device.get("identifier", []) if re.search("eui-48/bluetooth$", each["system"])]
    return names[0].replace("-", ":").upper() if names else ""
