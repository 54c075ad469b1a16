"""The clinic outside the home: Tests/Receiver with TLS on the host's loopback, under a name that the machine resolves."""

import json
import pathlib
import subprocess
import sys
import urllib.request

from .home import HOST, Home

RECEIVER = pathlib.Path(__file__).parents[1] / "Receiver"
NAME = "clinic.example"


def certify(folder: pathlib.Path) -> None:
    """The receiver's certificates, and one for `NAME` from the same authority."""
    subprocess.run(["sh", RECEIVER / "certificates.sh", folder], check=True)
    request = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={NAME}",
               "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", "clinic.key", "-out", "clinic.csr"]
    sign = ["openssl", "x509", "-req", "-in", "clinic.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3650",
            "-copy_extensions", "copy", "-out", "clinic.pem"]
    for command in (request, sign):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Clinic:
    """A FHIR server that takes readings for as long as the test lives, whatever becomes of the machine."""

    def __init__(self, folder: pathlib.Path):
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        certify(self.certificates)
        at = self.certificates
        self._process = subprocess.Popen(
            [sys.executable, RECEIVER / "receiver.py", "--port", "0", "--cert", at / "clinic.pem",
             "--key", at / "clinic.key", "--ca", at / "ca.pem", "--store", folder / "clinic.sqlite"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        words = dict(word.split("=") for word in self._process.stdout.readline().split()[1:])
        self._control = f"http://127.0.0.1:{words['control']}"
        self.url = f"https://{NAME}:{words['port']}/"

    def introduce(self, home: Home) -> None:
        """Tells the machine where the clinic's name leads; to be done after every boot."""
        home.run(f"grep -q {NAME} /etc/hosts || echo '{HOST} {NAME}' >>/etc/hosts")

    def observations(self, code: str) -> list[dict]:
        """Every Observation with this MDC code, in the order in which they came; a double stands twice."""
        with urllib.request.urlopen(f"{self._control}/_all") as answer:
            resources = json.loads(answer.read())["resources"]
        found = [resource for resource in resources if resource["resourceType"] == "Observation"]
        return [observation for observation in found if observation["code"]["coding"][0]["code"] == code]

    def saturations(self) -> list[int]:
        """SpO2 (150456) in percent."""
        return [int(spot["valueQuantity"]["value"]) for spot in self.observations("150456") if "valueQuantity" in spot]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
