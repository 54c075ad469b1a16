"""What the tests of bundles and of the receiver share."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def bundles(tmp_path_factory):
    """A directory with a bundle of every kind, written by the product: given by VITALSD_BUNDLES, or made here."""
    directory = os.environ.get("VITALSD_BUNDLES")
    if not directory:
        directory = tmp_path_factory.mktemp("bundles")
        environment = os.environ | {"VITALSD_BUNDLES": str(directory)}
        command = ["swift", "test", "--package-path", HERE.parent.parent, "--filter", "WriteBundles"]
        subprocess.run(command, env=environment, check=True)
    files = {path.stem: path.read_text(encoding="utf-8") for path in pathlib.Path(directory).glob("*.json")}
    assert files, "no bundle was written"
    return files


class Receiver:
    """A running receiver without TLS."""

    def __init__(self, *options):
        command = [sys.executable, HERE / "receiver.py", "--plain", *map(str, options)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        words = dict(word.split("=") for word in self.process.stdout.readline().split()[1:])
        self.base = f"http://127.0.0.1:{words['port']}"

    def call(self, method, path, body=None, kind="application/fhir+json"):
        """Status and body; the body as text where it is no JSON."""
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.base + path, data, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text[:1] == b"{" else text

    def post(self, text):
        return self.call("POST", "/fhir", text)

    def fault(self, mode, **details):
        assert self.call("POST", "/_fault", json.dumps({"mode": mode} | details))[0] == 200

    def resources(self):
        return self.call("GET", "/_all")[1]["resources"]

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.kill()
