#!/usr/bin/env python3
"""A small FHIR R4 server for tests: it takes transactions as a clinic's server would, and fails on request.

Python's standard library only. Prints one line `ready port=N control=M` when it listens.

    POST <base>             a transaction: all or nothing; <base> is / or /fhir
    GET  <base>/Type?identifier=system|value[&_count=N]    a searchset Bundle
    GET  <base>/Type/id
    GET  /_all              every resource: {"resources": [...]}, in the order of creation
    GET  /_former           every version of one that an update has replaced, oldest first
    GET  /_counts           what happened since the start
    POST /_fault            {"mode": ..., "times": N}: the next N transactions fail (default 1; -1: all)
    DELETE /_fault          no more faults
    POST /_trust            {"client": ..., "secret": ..., "expires": 3600}: transactions want a token from POST /token, which
                            is given for the client's credentials, or without "secret" for its certificate;
                            {"user": ..., "password": ...}: they want these
    DELETE /_trust          every token is dead
    POST /token             OAuth 2.0 client credentials
    PUT  <base>/Device?identifier=system|value    a conditional update of one Device
    POST /_accept           {"codings": "gzip"}: says so in Accept-Encoding, and takes requests that are coded so; "": no more
    POST /_double           {"type": ..., "code": MDC, "identifier": "..."}: makes a second copy of each such resource, as two clients might
    POST /_undouble         somebody has removed the second copies
    GET  /_bodies           SHA-256 of each transaction's body as it came, oldest first

The paths with an underscore are served without TLS on the control port too, which is on the loopback only.

Faults:
    status         "status", and optionally "retryAfter" (text), "outcome" (an OperationOutcome), "date" (text), or "bare": true
                   for no body at all
    cut-handshake  the connection ends in the middle of the TLS handshake
    lost           the transaction is stored, but the connection ends without an answer
    cut-before     the connection ends before the body is read
    cut-after      the connection ends after the body was read; nothing is stored
    slow           stored; the answer's body comes byte by byte, "delay" seconds (0.01) apart
    half           stored; the connection ends in the middle of the answer's body
    hang           nothing is stored, and no answer comes for "seconds" (3600)
    garbage        200 with "body" (text), or "bytes" random bytes; "repeat" makes it longer; nothing is stored
    content-type   the true answer under another "type"
    redirect       "status" (307) to "location"; nothing is stored
    update         no transaction, but the next update of a Device is refused with "status", or, without one, stored and
                   left without an answer; "times" of them
    search         no transaction, but searches are refused with "status"
    poison         transactions with the "identifier" (a value, anywhere in an entry) are refused with "status" (422);
                   "silent": true keeps back the expression; "method" ("PUT"): only in entries that ask for that
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import re
import secrets
import socket
import sqlite3
import ssl
import sys
import threading
import time
import urllib.parse
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refused(Exception):
    """The transaction cannot be taken: HTTP status, issue code, words, and where in the bundle."""

    def __init__(self, status, code, words, expression=None):
        super().__init__(words)
        self.status, self.outcome = status, outcome(code, words, expression)


def outcome(code, words, expression=None):
    issue = {"severity": "error", "code": code, "diagnostics": words}
    if expression:
        issue["expression"] = [expression]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def load(text):
    """JSON with decimals exactly as written; FHIR counts the zero of 71.0."""
    return json.loads(text, parse_float=Decimal)


def dump(value):
    """JSON with decimals exactly as they were read."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(v) for v in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def token(query):
    """`identifier=system|value` of a query string, both unescaped; None where there is something else."""
    fields = urllib.parse.parse_qsl(query, keep_blank_values=True)
    if len(fields) != 1 or fields[0][0] != "identifier":
        return None
    parts, escaped = [""], False
    for letter in fields[0][1]:
        if escaped or letter not in "\\|":
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("")
    return tuple(parts) if len(parts) == 2 else None


def condition_of(request):
    """What decides whether there is such a resource already: of a conditional create, or of a conditional update."""
    return request["url"].partition("?")[2] if request["method"] == "PUT" else request.get("ifNoneExist")


def references(value):
    """Every object with a `reference`, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


class Store:
    """Resources in SQLite, in a file that survives a kill, or in memory."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.database.executescript(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS resource (id INTEGER PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS identifier (resource INTEGER NOT NULL REFERENCES resource, type TEXT NOT NULL,
                system TEXT, value TEXT);
            CREATE TABLE IF NOT EXISTS former (resource INTEGER NOT NULL REFERENCES resource, body TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS by_value ON identifier (type, system, value);
            CREATE INDEX IF NOT EXISTS by_resource ON identifier (resource);
            CREATE INDEX IF NOT EXISTS formerly ON former (resource);
            """
        )

    def find(self, kind, system, value):
        rows = self.database.execute(
            "SELECT DISTINCT resource FROM identifier WHERE type = ? AND system IS ? AND value IS ? ORDER BY resource",
            (kind, system, value),
        )
        return [row[0] for row in rows]

    def body(self, kind, number):
        row = self.database.execute("SELECT body FROM resource WHERE id = ? AND type = ?", (number, kind)).fetchone()
        return row and row[0]

    def insert(self, resource):
        kind = resource["resourceType"]
        number = self.database.execute("INSERT INTO resource (type, body) VALUES (?, '')", (kind,)).lastrowid
        self.name(number, resource)
        return number

    def name(self, number, resource):
        for identifier in resource.get("identifier", []):
            row = (number, resource["resourceType"], identifier.get("system"), identifier.get("value"))
            self.database.execute("INSERT INTO identifier VALUES (?, ?, ?, ?)", row)

    def write(self, number, resource):
        resource = {"resourceType": resource["resourceType"], "id": str(number)} | resource
        self.database.execute("UPDATE resource SET body = ? WHERE id = ?", (dump(resource), number))

    def replace(self, number, resource):
        """Another version of what is there; the one before is kept as it was."""
        self.database.execute("INSERT INTO former SELECT id, body FROM resource WHERE id = ?", (number,))
        self.database.execute("DELETE FROM identifier WHERE resource = ?", (number,))
        self.name(number, resource)
        self.write(number, resource)

    def double(self, type, code=None, identifier=""):
        """A second copy of each resource of a type, or of those with a code, or with an identifier in which this is."""
        with self.lock:
            rows = self.database.execute("SELECT body FROM resource WHERE type = ?", (type,)).fetchall()
            for resource in (load(row[0]) for row in rows):
                coding = resource.get("code", {}).get("coding", [{}])[0]
                named = any(identifier in name["value"] for name in resource.get("identifier", [{"value": ""}]))
                if named and (code is None or coding.get("code") == code):
                    del resource["id"]
                    self.write(self.insert(resource), resource)

    def undouble(self):
        """Somebody has removed the second copies."""
        with self.lock:
            self.database.executescript(
                """
                DELETE FROM resource WHERE id IN (SELECT b.resource FROM identifier a JOIN identifier b
                    ON (a.type, a.system, a.value) = (b.type, b.system, b.value) AND a.resource < b.resource);
                DELETE FROM identifier WHERE resource NOT IN (SELECT id FROM resource);
                """
            )

    def version(self, number):
        return 1 + self.database.execute("SELECT count(*) FROM former WHERE resource = ?", (number,)).fetchone()[0]

    def formers(self):
        """What was replaced since, oldest first."""
        with self.lock:
            return [row[0] for row in self.database.execute("SELECT body FROM former ORDER BY rowid")]

    def everything(self):
        with self.lock:
            return [row[0] for row in self.database.execute("SELECT body FROM resource ORDER BY id")]

    def transaction(self, bundle, counts):
        """Stores all entries or none. Returns the transaction-response."""
        entries = check(bundle)
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                answer = self.take(entries)
                self.database.execute("COMMIT")
            except BaseException:
                self.database.execute("ROLLBACK")
                raise
        for status in (entry["response"]["status"] for entry in answer["entry"]):
            counts["created" if status.startswith("201") else "matched"] += 1
        return answer

    def take(self, entries):
        urls, taken = {}, []
        # What is there before the transaction decides every condition: a server does not see its own new entries.
        for index, entry in enumerate(entries):
            matches, condition = [], condition_of(entry["request"])
            if condition is not None:
                wanted = token(condition)
                if wanted is None:
                    raise Refused(400, "not-supported", "only identifier= can be searched", f"Bundle.entry[{index}]")
                matches = self.find(entry["resource"]["resourceType"], *wanted)
            if len(matches) > 1:
                words = f"{len(matches)} resources match the condition"
                where = "url" if entry["request"]["method"] == "PUT" else "ifNoneExist"
                raise Refused(412, "multiple-matches", words, f"Bundle.entry[{index}].request.{where}")
            taken.append(matches[0] if matches else None)
        created = [number is None for number in taken]
        # An update replaces what is there; a conditional create leaves it alone.
        updated = [entry["request"]["method"] == "PUT" and not new for entry, new in zip(entries, created)]
        for index, entry in enumerate(entries):
            if created[index]:
                taken[index] = self.insert(entry["resource"])
            urls[entry["fullUrl"]] = f"{entry['resource']['resourceType']}/{taken[index]}"
        for index, entry in enumerate(entries):
            for reference in references(entry["resource"]):
                reference["reference"] = self.resolve(reference["reference"], urls, index)
            if created[index]:
                self.write(taken[index], entry["resource"])
            elif updated[index]:
                self.replace(taken[index], entry["resource"])
        response = []
        for index, entry in enumerate(entries):
            version = self.version(taken[index])
            location = f"{urls[entry['fullUrl']]}/_history/{version}"
            status = "201 Created" if created[index] else "200 OK"
            response.append({"response": {"status": status, "location": location, "etag": f'W/"{version}"'}})
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": response}

    def resolve(self, reference, urls, index):
        where = f"Bundle.entry[{index}].resource"
        if reference.startswith("urn:"):
            if reference not in urls:
                raise Refused(400, "invalid", f"nothing has the fullUrl {reference}", where)
            return urls[reference]
        kind, mark, query = reference.partition("?")
        if not mark:
            # The guide: a server takes a literal Patient that it does not have.
            return reference
        wanted = token(query)
        matches = self.find(kind, *wanted) if wanted else []
        if len(matches) != 1:
            status, code = (404, "not-found") if not matches else (412, "multiple-matches")
            raise Refused(status, code, f"{len(matches)} resources match {kind}?…", where + ".subject")
        return f"{kind}/{matches[0]}"


def check(bundle):
    """The entries of a transaction that is worth looking at."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise Refused(400, "structure", "a transaction Bundle is wanted", "Bundle.type")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        raise Refused(400, "required", "there is no entry", "Bundle.entry")
    seen = set()
    for index, entry in enumerate(entries):
        where = f"Bundle.entry[{index}]"
        try:
            resource, request, url = entry["resource"], entry["request"], entry["fullUrl"]
            kind, method, target = resource["resourceType"], request["method"], request["url"]
        except (KeyError, TypeError):
            raise Refused(400, "required", "resource, request or fullUrl is missing", where) from None
        if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", url) or url in seen:
            raise Refused(400, "value", "the fullUrl is no UUID, or is there twice", where + ".fullUrl")
        seen.add(url)
        if kind not in ("Patient", "Device", "Observation"):
            raise Refused(422, "not-supported", f"{kind} is not taken", where + ".resource")
        is_update = method == "PUT" and kind == "Observation" and target.startswith(f"{kind}?identifier=")
        if not is_update and (method != "POST" or target != kind):
            words = "only POST to the resource's own type, and a conditional PUT of an Observation"
            raise Refused(422, "not-supported", words, where + ".request")
        if "id" in resource:
            raise Refused(422, "invalid", "an id is the server's to give", where + ".resource.id")
        identifiers = resource.get("identifier")
        if not identifiers or not all(i.get("system") and i.get("value") for i in identifiers):
            raise Refused(422, "required", "an identifier with system and value is missing", where + ".resource")
        if kind == "Observation":
            for needed in ("status", "code", "subject"):
                if needed not in resource:
                    raise Refused(422, "required", f"{needed} is missing", f"{where}.resource.{needed}")
            if not any(key.startswith("effective") for key in resource):
                raise Refused(422, "required", "effective[x] is missing", where + ".resource.effective[x]")
    return entries


class Faults:
    """What is to go wrong next."""

    def __init__(self):
        self.lock, self.waiting = threading.Lock(), []

    def add(self, fault):
        with self.lock:
            self.waiting.append({"times": 1} | fault)

    def clear(self):
        with self.lock:
            self.waiting = []

    def take(self, mode):
        """The fault that is next, if it is of this mode; it is used up."""
        with self.lock:
            first = next((fault for fault in self.waiting if fault["mode"] != "poison"), None)
            if first is None or first["mode"] != mode:
                return None
            first["times"] -= 1
            self.waiting = [f for f in self.waiting if f["times"] != 0]
            return first

    def next(self):
        """The fault of this transaction, {} for none; a poison stays and is handed out with the others."""
        with self.lock:
            poisons = [fault for fault in self.waiting if fault["mode"] == "poison"]
            for fault in self.waiting:
                if fault["mode"] not in ("poison", "update", "search"):
                    fault["times"] -= 1
                    self.waiting = [f for f in self.waiting if f["times"] != 0]
                    return fault, poisons
            return {}, poisons


class Trust:
    """Whom the clinic believes, beside the certificate."""

    def __init__(self):
        self.lock, self.wanted, self.tokens = threading.Lock(), {}, set()

    def want(self, wanted):
        with self.lock:
            self.wanted, self.tokens = wanted, set()

    def admits(self, header):
        """Whether a request with this Authorization may go on."""
        with self.lock:
            if "client" in self.wanted:
                return header is not None and header.startswith("Bearer ") and header[7:] in self.tokens
            return "user" not in self.wanted or header == basic(self.wanted["user"], self.wanted["password"])

    def token(self, header, form):
        """The answer of the token endpoint: status and JSON."""
        with self.lock:
            client, secret = self.wanted.get("client"), self.wanted.get("secret")
            known = header == basic(client, secret) if secret else header is None and form.get("client_id") == [client]
            if not client or not known:
                return 401, {"error": "invalid_client"}
            if form.get("grant_type") != ["client_credentials"] or form.get("scope", [None])[0] != self.wanted.get("scope"):
                return 400, {"error": "invalid_request"}
            token = secrets.token_urlsafe(24)
            self.tokens.add(token)
            return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.wanted.get("expires", 3600)}


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "receiver", ""
    # Headers and body go out in one piece, as Nagle's rule would make a kept connection wait otherwise.
    wbufsize, disable_nagle_algorithm = 1 << 16, True
    timeout = 120

    def setup(self):
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(self.timeout)
            if self.server.world.faults.take("cut-handshake"):
                self.server.world.count("transactions")
                socket.socket.recv(self.request, 16)
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                os.close(self.request.detach())
                raise ConnectionAbortedError
            try:
                self.request.do_handshake()
            except ssl.SSLError:
                self.linger()
                raise
        super().setup()
        self.server.world.count("connections")

    def linger(self):
        """Reads what still comes, until the client has heard why: closing over unread bytes would reset the connection,
        and the alert would be lost with it."""
        self.request.settimeout(5)
        try:
            socket.socket.shutdown(self.request, socket.SHUT_WR)
            while os.read(self.request.fileno(), 1 << 16):
                pass
        except OSError:
            pass

    @property
    def world(self):
        return self.server.world

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.world.count("requests")
        path, _, query = self.path.partition("?")
        if path == "/_all":
            return self.send(200, '{"resources":[' + ",".join(self.world.store.everything()) + "]}", "application/json")
        if path == "/_former":
            return self.send(200, '{"resources":[' + ",".join(self.world.store.formers()) + "]}", "application/json")
        if path == "/_counts":
            return self.send(200, json.dumps(self.world.counts), "application/json")
        if path == "/_bodies":
            return self.send(200, json.dumps(self.world.bodies), "application/json")
        match = re.fullmatch(r"(?:/fhir)?/(Patient|Device|Observation)(?:/(\d+))?", path)
        if not match:
            return self.refuse(404, outcome("not-found", "there is nothing here"))
        kind, number = match.groups()
        if refused := not number and self.world.faults.take("search"):
            return self.refuse(refused["status"], outcome("forbidden", "nobody searches here"))
        with self.world.store.lock:
            if number:
                body = self.world.store.body(kind, int(number))
                return self.send(200, body) if body else self.refuse(404, outcome("not-found", "no such resource"))
            fields = dict(urllib.parse.parse_qsl(query))
            wanted = token(urllib.parse.urlencode({"identifier": fields.get("identifier", "")}))
            if wanted is None:
                return self.refuse(400, outcome("not-supported", "only identifier= can be searched"))
            found = self.world.store.find(kind, *wanted)
            bodies = [self.world.store.body(kind, n) for n in found[: int(fields.get("_count", 100))]]
        listed = ",".join('{"resource":' + body + "}" for body in bodies)
        self.send(200, f'{{"resourceType":"Bundle","type":"searchset","total":{len(found)},"entry":[{listed}]}}')

    def do_DELETE(self):
        if self.path == "/_trust":
            self.world.trust.want(self.world.trust.wanted)
        else:
            self.world.faults.clear()
        self.send(200, "{}", "application/json")

    def do_PUT(self):
        self.world.count("requests")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        wanted = token(query)
        if path not in ("/Device", "/fhir/Device") or wanted is None:
            return self.refuse(404, outcome("not-supported", "only Device?identifier= can be replaced"))
        self.world.count("updates")
        fault = self.world.faults.take("update") or {}
        if "status" in fault:
            return self.refuse(fault["status"], outcome("not-supported", "no Device is replaced here"))
        resource, store = load(body), self.world.store
        with store.lock:
            found = store.find("Device", *wanted)
            if len(found) > 1:
                return self.refuse(412, outcome("multiple-matches", "more than one matches"))
            number = found[0] if found else store.insert(resource)
            store.replace(number, resource)
        if fault:
            return self.cut()
        self.send(200 if found else 201, "", headers={"Location": f"Device/{number}"})

    def do_POST(self):
        self.world.count("requests")
        length = int(self.headers.get("Content-Length") or 0)
        if self.path == "/_fault":
            self.world.faults.add(json.loads(self.rfile.read(length)))
            return self.send(200, "{}", "application/json")
        if self.path == "/_trust":
            self.world.trust.want(json.loads(self.rfile.read(length)))
            return self.send(200, "{}", "application/json")
        if self.path == "/_accept":
            self.world.codings = json.loads(self.rfile.read(length))["codings"]
            return self.send(200, "{}", "application/json")
        if self.path == "/_double":
            self.world.store.double(**json.loads(self.rfile.read(length)))
            return self.send(200, "{}", "application/json")
        if self.path == "/_undouble":
            self.world.store.undouble()
            return self.send(200, "{}", "application/json")
        if self.path == "/token":
            self.world.count("tokens")
            form = urllib.parse.parse_qs(self.rfile.read(length).decode())
            status, answer = self.world.trust.token(self.headers["Authorization"], form)
            return self.send(status, json.dumps(answer), "application/json")
        if self.path.rstrip("/") not in ("", "/fhir"):
            return self.refuse(404, outcome("not-found", "there is nothing here"))
        self.world.count("transactions")
        if not self.world.trust.admits(self.headers["Authorization"]):
            self.rfile.read(length)
            return self.refuse(401, outcome("login", "who are you?"), {"WWW-Authenticate": "Bearer"})
        fault, poisons = self.world.faults.next()
        mode = fault.get("mode")
        if mode == "cut-before":
            return self.cut()
        body = self.rfile.read(length)
        self.world.bodies.append(hashlib.sha256(body).hexdigest())
        self.world.count("bytes", length)
        if self.world.save:
            with open(os.path.join(self.world.save, f"{len(self.world.bodies):06}.json"), "wb") as file:
                file.write(body)
        coding = self.headers.get("Content-Encoding")
        if coding:
            if coding not in self.world.codings.split():
                return self.refuse(415, outcome("not-supported", "this coding is not taken"))
            self.world.count("coded")
            body = gzip.decompress(body)
        if mode in early:
            return early[mode](self, fault)
        try:
            text, kind = dump(self.transaction(body, poisons)), "application/fhir+json"
        except Refused as refused:
            return self.refuse(refused.status, refused.outcome)
        if mode == "lost":
            return self.cut()
        if mode == "content-type":
            kind = fault.get("type", "text/plain")
        if mode in ("slow", "half"):
            return self.trickle(text.encode(), fault)
        self.send(200, text, kind)

    def transaction(self, body, poisons):
        if self.headers.get_content_type() not in ("application/fhir+json", "application/json"):
            raise Refused(415, "not-supported", "FHIR in JSON is wanted")
        try:
            bundle = load(body)
        except (ValueError, RecursionError):
            raise Refused(400, "structure", "this is no JSON") from None
        entries = bundle.get("entry", []) if isinstance(bundle, dict) else []
        for poison in poisons:
            for index, entry in enumerate(entries):
                identifiers = entry.get("resource", {}).get("identifier", [])
                method = entry.get("request", {}).get("method")
                if method != poison.get("method", method):
                    continue
                if any(poison["identifier"] in i.get("value", "") for i in identifiers):
                    expression = None if poison.get("silent") else f"Bundle.entry[{index}].resource"
                    raise Refused(poison.get("status", 422), "invariant", "this resource is refused", expression)
        return self.world.store.transaction(bundle, self.world.counts)

    # Answers.

    def send(self, status, text, kind="application/fhir+json", headers=None):
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.world.codings:
            self.send_header("Accept-Encoding", self.world.codings)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def refuse(self, status, body, headers=None):
        self.send(status, dump(body), headers=headers)

    def cut(self):
        self.close_connection = True
        try:
            # The end of a connection that was cut is a reset, and no polite farewell of TLS.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            os.close(self.connection.detach())
        except OSError:
            pass

    def trickle(self, data, fault):
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        half = fault["mode"] == "half"
        for byte in data[: len(data) // 2 if half else len(data)]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if not half:
                time.sleep(fault.get("delay", 0.01))
        if half:
            self.cut()

    # Faults that answer without storing.

    def answer_status(self, fault):
        headers = {"Retry-After": fault["retryAfter"]} if "retryAfter" in fault else {}
        time.sleep(fault.get("delay", 0))
        if fault.get("bare"):
            self.date = fault.get("date")
            return self.send(fault["status"], "", "text/plain", headers)
        body = fault.get("outcome") or outcome(fault.get("code", "processing"), fault.get("diagnostics", "a fault"))
        self.date = fault.get("date")
        self.refuse(fault["status"], body, headers)

    def answer_garbage(self, fault):
        data = fault["body"].encode() if "body" in fault else os.urandom(fault.get("bytes", 1000))
        self.send(fault.get("status", 200), data * fault.get("repeat", 1), fault.get("type", "application/fhir+json"))

    def answer_redirect(self, fault):
        self.send(fault.get("status", 307), "", headers={"Location": fault.get("location", "/elsewhere")})

    def answer_nothing(self, fault):
        self.world.stopping.wait(fault.get("seconds", 3600))
        self.cut()

    def date_time_string(self, timestamp=None):
        return getattr(self, "date", None) or super().date_time_string(timestamp)


early = {
    "status": Handler.answer_status,
    "garbage": Handler.answer_garbage,
    "redirect": Handler.answer_redirect,
    "hang": Handler.answer_nothing,
    "cut-after": lambda handler, _: handler.cut(),
}


class World:
    """What the clinic's port and the control port share."""

    def __init__(self, store):
        self.store, self.faults, self.stopping = Store(store), Faults(), threading.Event()
        self.trust = Trust()
        self.lock = threading.Lock()
        self.codings, self.bodies, self.save = "", [], None
        words = "connections requests transactions tokens created matched updates bytes coded"
        self.counts = dict.fromkeys(words.split(), 0)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world, port, context=None):
        self.world = world
        super().__init__(("127.0.0.1", port), Handler)
        if context:
            # The handshake is the connection's own thread's affair: a client that stalls it must stall nobody else.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        # Connections that end early are what the tests are about.
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description="a FHIR server for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--store", help="SQLite file; without it, memory")
    parser.add_argument("--save", help="folder for the body of each transaction")
    parser.add_argument("--plain", action="store_true", help="HTTP without TLS")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--ca", help="who must have signed a client's certificate; without it, none is wanted")
    options = parser.parse_args()
    world, context = World(options.store), None
    world.save = options.save
    if not options.plain:
        if not (options.cert and options.key):
            parser.error("--cert and --key, or --plain")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(options.cert, options.key)
        if options.ca:
            context.load_verify_locations(options.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    server = Server(world, options.port, context)
    control = Server(world, 0) if context else server
    if control is not server:
        threading.Thread(target=control.serve_forever, daemon=True).start()
    print(f"ready port={server.server_address[1]} control={control.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    world.stopping.set()


if __name__ == "__main__":
    main()
