#!/usr/bin/env python3
"""A clinic's enrolment server for tests: EST as RFC 7030 has it, over TLS, with an authority of its own.

Prints one line `ready port=N` when it listens. It was written from the RFC, apart from the hub:

    GET  /.well-known/est/cacerts          4.1: the authority, PKCS #7 certs-only in base64
    POST /.well-known/est/simpleenroll     4.2.1: HTTP basic with the code, or a certificate that it gave before
    POST /.well-known/est/simplereenroll   4.2.2: only with such a certificate

    est.py --cert PEM --key PEM --authority CA.pem --authority-key CA.key --code CODE [--seconds N] [--port N]
           [--mode pending|wrong-key|stranger|garbage|expired-ca] [--log FILE]

A certificate that it gives is valid for so many seconds. `wrong-key` certifies another key, `stranger` signs with an
authority that it does not tell of. In the log stands one line for each request: the operation, and the names of subject
and client.
"""

import argparse
import base64
import datetime
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    @classmethod
    def made(cls, name, days=10):
        """Another authority, made now; with days below zero it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(end - datetime.timedelta(days=20)).not_valid_after(end)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def sign(self, request, public_key, seconds):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(request.subject).issuer_name(self.certificate.subject)
        builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(seconds=2))
        builder = builder.not_valid_after(now + datetime.timedelta(seconds=seconds))
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def client(self):
        """The name in the certificate that was shown; TLS has verified it."""
        shown = self.connection.getpeercert()
        return dict(pair[0] for pair in shown["subject"])["commonName"] if shown else None

    def do_GET(self):
        if self.path != "/.well-known/est/cacerts":
            return self.answer(404)
        self.certificates([self.server.told.certificate])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = self.path.removeprefix("/.well-known/est/")
        if operation not in ("simpleenroll", "simplereenroll"):
            return self.answer(404)
        code = base64.b64encode(f":{self.server.options.code}".encode()).decode()
        admitted = self.client is not None or (operation == "simpleenroll" and self.headers["Authorization"] == f"Basic {code}")
        if not admitted:
            return self.answer(401, {"WWW-Authenticate": 'Basic realm="est"'})
        if self.headers.get_content_type() != "application/pkcs10":
            return self.answer(400)
        try:
            request = x509.load_der_x509_csr(base64.b64decode(body, validate=False))
        except ValueError:
            return self.answer(400)
        name = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        if not request.is_signature_valid or (operation == "simplereenroll" and name != self.client):
            return self.answer(400)
        self.server.note(f"{operation} {name} {self.client}")
        mode = self.server.options.mode
        if mode == "pending":
            return self.answer(202, {"Retry-After": "3600"})
        if mode == "garbage":
            return self.answer(200, {"Content-Type": "application/pkcs7-mime; smime-type=certs-only"}, b"bm90IGEgY2VydGlmaWNhdGU=\n")
        key = ec.generate_private_key(ec.SECP256R1()).public_key() if mode == "wrong-key" else request.public_key()
        self.certificates([self.server.signer.sign(request, key, self.server.options.seconds)])

    def certificates(self, certificates):
        text = base64.encodebytes(pkcs7.serialize_certificates(certificates, serialization.Encoding.DER))
        kind = "application/pkcs7-mime; smime-type=certs-only"
        self.answer(200, {"Content-Type": kind, "Content-Transfer-Encoding": "base64"}, text)

    def answer(self, status, headers=None, body=b""):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        self.options = options
        super().__init__(("127.0.0.1", options.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        context.load_verify_locations(options.authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        with open(options.authority, "rb") as certificate, open(options.authority_key, "rb") as key:
            own = Authority(
                x509.load_pem_x509_certificate(certificate.read()), serialization.load_pem_private_key(key.read(), None))
        self.told = self.signer = own
        if options.mode == "stranger":
            self.signer = Authority.made("stranger")
        if options.mode == "expired-ca":
            self.told = self.signer = Authority.made("expired", days=-1)

    def note(self, line):
        if self.options.log:
            with open(self.options.log, "a", encoding="utf-8") as log:
                log.write(line + "\n")

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description="an EST server for tests")
    parser.add_argument("--port", type=int, default=0)
    for name in ("cert", "key", "authority", "authority-key", "code"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seconds", type=int, default=86_400 * 90)
    parser.add_argument("--mode")
    parser.add_argument("--log")
    server = Server(parser.parse_args())
    print(f"ready port={server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
