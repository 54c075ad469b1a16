"""Another TLS than Python's at the clinic's end: OpenSSL's own server, which asks for the hub's certificate."""

import http.client
import ssl
import subprocess
import threading

import pytest
from conftest import eventually, measure


class Terminator:
    """`openssl s_server` before the receiver: what it deciphers is passed on request by request, over a link of its own."""

    def __init__(self, clinic, certificates, *more: str):
        self._clinic, self._certificates, self.port, self.requests = clinic, certificates, 0, 0
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "localhost:0", "-cert", certificates / "server.pem", "-key",
             certificates / "server.key", "-CAfile", certificates / "ca.pem", "-Verify", "1", "-verify_return_error", "-naccept",
             "1000", *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = ""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._pass_on, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.said += line.decode()

    def _pass_on(self) -> None:
        context = ssl.create_default_context(cafile=self._certificates / "ca.pem")
        context.load_cert_chain(self._certificates / "hub.pem", self._certificates / "hub.key")
        stream = self.process.stdout
        while first := stream.readline():
            if first.startswith(b"ACCEPT"):
                self.port = int(first.split(b":")[-1])
            if not first.endswith(b" HTTP/1.1\r\n"):
                continue
            headers = http.client.parse_headers(stream)
            body = stream.read(int(headers.get("content-length", 0)))
            method, path, _ = first.decode().split()
            link = http.client.HTTPSConnection("localhost", self._clinic.port, context=context)
            link.request(method, path, body, dict(headers))
            answer = link.getresponse()
            data = answer.read()
            head = [f"HTTP/1.1 {answer.status} {answer.reason}", f"Content-Length: {len(data)}"]
            head += [f"{name}: {value}" for name, value in answer.getheaders()
                     if name.lower() not in ("content-length", "transfer-encoding", "connection")]
            self.process.stdin.write("\r\n".join([*head, "", ""]).encode() + data)
            self.process.stdin.flush()
            link.close()
            self.requests += 1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(params=[["-tls1_2"], ["-tls1_3"]], ids=["1.2", "1.3"])
def front(request, home, clinic, certificates):
    front = Terminator(clinic, certificates, *request.param)
    eventually(lambda: front.port)
    home.set("URL", f"https://localhost:{front.port}/")
    yield front
    front.close()


def test_readings_arrive_once_over_openssl(home, clinic, cuff, front):
    home.start()
    measure(cuff, *range(101, 131))
    eventually(lambda: len(clinic.blood_pressures()) == 30)
    eventually(lambda: home.queue() == [])
    assert clinic.blood_pressures() == [(systolic, 80) for systolic in range(101, 131)]
    assert front.requests > 0


def test_a_certificate_of_a_stranger_is_refused_and_ours_is_taken(home, clinic, certificates, cuff, front):
    home.set("CertificateFile", f"{certificates}/stranger.pem")
    home.set("KeyFile", f"{certificates}/stranger.key")
    home.start()
    measure(cuff, 120)
    eventually(lambda: "clinic: the clinic rejects this hub's certificate; ask the clinic for a new one" in home.log)
    assert clinic.blood_pressures() == [] and front.requests == 0
    home.set("CertificateFile", f"{certificates}/hub.pem")
    home.set("KeyFile", f"{certificates}/hub.key")
    home.reload()
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
