#!/usr/bin/env python3
"""Checks bundles against the clinic's contract, rule by rule, without any code that wrote them.

    check_bundle.py FILE...     one line for each rule that is broken; the exit status is 1 if there is any

Codes: B the bundle, D devices, O observations, C coincident time stamps, P patients, L signs of life. A time is checked too: effective
time = hub's clock - (device's clock - the reading's own time), all three as they stand in the bundle.
"""

import json
import re
import sys
import urllib.parse
from datetime import datetime, timedelta
from decimal import Decimal

GUIDE = "http://hl7.org/fhir/uv/phd/StructureDefinition/"
MDC, UCUM, LOINC = "urn:iso:std:iso:11073:10101", "http://unitsofmeasure.org", "http://loinc.org"
BITS = "http://terminology.hl7.org/CodeSystem/ASN1ToHL7"
SYSTEM_ID, BLUETOOTH = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680", "http://hl7.org/fhir/sid/eui-48/bluetooth"
ETHERNET, ZIGBEE = "http://hl7.org/fhir/sid/eui-48/ethernet", "http://hl7.org/fhir/sid/eui-64/zigbee"
URN, PHD = "urn:ietf:rfc:3986", GUIDE + "PhdBaseObservation"
DEVICE_SYSTEMS = {SYSTEM_ID: ("SYSID", 8), BLUETOOTH: ("BTMAC", 6), ETHERNET: ("ETHMAC", 6), ZIGBEE: ("ZIGBEE", 8)}
GATEWAY = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
STAMP = GUIDE + "CoincidentTimeStampReference"
PROFILES = {
    GUIDE + f"Phd{name}Observation"
    for name in ("Numeric", "CompoundNumeric", "BitsEnumeration", "CodedEnumeration", "Rtsa", "StringEnumeration")
}
SPECIALIZATIONS = {"528388", "528391", "528392", "528399", "528401", "528404", "528405"}
CLOCKS = {  # the clock's code: what the device must say it has
    "67975": {"68219.0"}, "68226": {"68219.7"}, "67983": {"68219.2"}, "68072": {"68219.3"},
}
TEMPERATURES = dict.fromkeys(
    "150364 150392 188420 188424 188428 188432 188448 188452 188456".split(), ("8310-5", True, {"Cel", "[degF]"})
)
TABLE = {  # MDC: required LOINC, whether it is a vital sign of R4, permitted units
    "150456": ("2708-6", True, {"%"}), "149530": ("8867-4", True, {"/min"}), "149546": ("8867-4", True, {"/min"}),
    "150448": (None, False, {"%", "1"}), "150020": ("85354-9", True, set()), "188736": ("29463-7", True, {"kg", "g", "[lb_av]"}),
    "188740": ("8302-2", True, {"cm", "[in_i]"}), "188752": ("39156-5", True, {"kg/m2"}), "188748": (None, False, {"%"}),
    "188756": (None, False, {"kg", "[lb_av]"}), "188760": (None, False, {"kg", "[lb_av]"}),
    "188764": (None, False, {"kg", "[lb_av]"}), "188768": (None, False, {"kJ"}), "188772": (None, False, {"%"}),
    "188776": (None, False, {"kg", "[lb_av]"}), "188780": (None, False, {"Ohm"}), "67996": (None, False, {"%"}),
    "152586": ("20150-9", False, {"L"}), "188928": ("19868-9", False, {"L"}), "152587": (None, False, {"L"}),
    "188948": ("19926-5", False, {"%", "1"}), "188936": (None, False, {"%", "1"}), "152584": ("33452-4", False, {"L/min", "L/s"}),
    "188960": (None, False, {"L/s"}), "151764": (None, False, {"L/s"}), "152708": (None, False, {"L"}),
    "160184": (None, False, {"mmol/L", "mg/dL"}), "160188": (None, False, {"mmol/L", "mg/dL"}),
    "160364": (None, False, {"mmol/L", "mg/dL"}), "160368": (None, False, {"mmol/L", "mg/dL"}),
    "160220": (None, False, {"%"}), "8417760": (None, False, {"%"}), "8417764": (None, False, {"g"}),
    "8417796": (None, False, {"mg", "mL"}),
    "160020": (None, False, {"mmol/L", "mg/dL"}), "160212": (None, False, {"mmol/L", "mg/dL"}),
    "8410608": (None, False, set()), "150604": (None, False, set()), "8417752": (None, False, set()),
} | TEMPERATURES  # fmt: skip
#: Concentrations of glucose in venous and arterial blood and plasma.
TABLE |= dict.fromkeys("160192 160196 160200 160204".split(), (None, False, {"mmol/L", "mg/dL"}))
#: Carbohydrates by their meal, and medication by its kind (128::29160 … 29184 and 29192 … 29208).
TABLE |= {str(128 * 65536 + term): (None, False, {"g"}) for term in range(29160, 29188, 4)}
TABLE |= {str(128 * 65536 + term): (None, False, {"mg", "mL"}) for term in range(29192, 29212, 4)}
#: What a code may be said about (128::29236, 29256, 29276, 29212), and with which codes.
ANSWERS = {
    str(128 * 65536 + question): {str(128 * 65536 + answer) for answer in answers}
    for question, answers in {
        29236: (29240, 29244, 29248), 29256: (29260, 29264, 29268, 29272), 29276: (29280, 29284, 29288),
        29212: (29216, 29220, 29224, 29228, 29232),
    }.items()
}  # fmt: skip
TABLE |= dict.fromkeys(ANSWERS, (None, False, set()))
PRESSURES = {"150021": "8480-6", "150022": "8462-4", "150023": None}
SNOMED, SKS = "http://snomed.info/sct", "urn:oid:1.2.208.176.2.4"
NPU = {"urn:oid:1.2.208.176.2.1", "http://npu-terminology.org"}
MCS = {"urn:oid:1.2.208.184.100.8", "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-observation-codes"}
#: A Danish code: the quantity that it is of, and the one unit that it implies (O10).
CODE_UNIT = {
    "NPU03011": ("150456", "%"), "NPU21692": ("149530 149546", "/min"), "DNK05472": ("150021", "mm[Hg]"),
    "DNK05473": ("150022", "mm[Hg]"), "MCS88019": ("150021", "mm[Hg]"), "MCS88020": ("150022", "mm[Hg]"),
    "NPU03804": ("188736", "kg"), "NPU27281": ("188752", "kg/m2"), "NPU08676": (" ".join(TEMPERATURES), "Cel"),
    "MCS88015": ("152586", "L"), "MCS88016": ("188928", "L"), "MCS88100": ("152587", "L"), "MCS88017": ("188948", "1"),
    "MCS88099": ("188936", "1"), "MCS88102": ("152584", "L/min"), "NPU22089": ("160188", "mmol/L"),
    "ZZ3170": ("150020", None), "MCS88206": ("150020", None),
}  # fmt: skip
#: The observable entity of a quantity.
CONCEPTS = {
    "150456": {"431314004"}, "149530": {"78564009"}, "149546": {"78564009"}, "150020": {"75367002"}, "150021": {"271649006"},
    "150022": {"271650006"}, "150023": {"6797001"}, "188736": {"27113001"}, "188740": {"1153637007", "50373000"},
    "188752": {"60621009"}, "152586": {"59328004"}, "188928": {"50834005"}, "188948": {"251944000"}, "152584": {"18491006"},
    "188960": {"251932003"}, "160184": {"434912009"}, "160188": {"434912009"}, "160364": {"434912009"},
    "160368": {"434912009"},
} | dict.fromkeys(TEMPERATURES, {"276885007", "386725007"})  # fmt: skip
SUPPLEMENTS = {"150588", "150580", "150584"}
STATUSES = {"questionable", "calibration-ongoing", "early-indication", "in-alarm", "alarm-inhibited", "validated"}
STATISTICS = "http://terminology.hl7.org/CodeSystem/observation-statistics"
WEAR = "urn:oid:2.25.166904823662743522993786113874681478050"
LIFE = "urn:oid:2.25.30950630365466917062132239233202337957"
LIFE_STATES = {"measured", "nothing-measured", "not-read", "not-heard"}
# Each component of a sign of life: the one element its value may be in.
HUB_LIFE = {
    "interval": "valueQuantity", "radio": "valueCodeableConcept", "listening-since": "valueDateTime",
    "clock": "valueCodeableConcept", "clock-ahead": "valueQuantity", "queue-length": "valueInteger",
    "queue-oldest": "valueDateTime", "quarantine": "valueInteger", "unassigned": "valueInteger",
}  # fmt: skip
DEVICE_LIFE = {"last-contact": "valueDateTime", "last-reading": "valueDateTime", "battery": "valueQuantity", "battery-low": "valueBoolean"}
AGREED_LIFE = {"schedule": "valueString", "next-expected": "valuePeriod", "overdue": "valueBoolean"}
ABSENT = {
    "unknown", "error", "not-a-number", "positive-infinity", "negative-infinity", "not-performed", "unsupported",
    "not-applicable",
}  # fmt: skip
UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


def load(text):
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def codes(concept, system=MDC):
    return [c.get("code") for c in (concept or {}).get("coding", []) if c.get("system") == system]


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def unescaped(condition):
    """System and value of `identifier=system|value`, or None where it is not exactly that."""
    if not condition.startswith("identifier=") or re.search(r"[+&# ]|%(?![0-9A-F]{2})", condition):
        return None
    parts, escape = [""], False
    for letter in urllib.parse.unquote(condition.removeprefix("identifier="), errors="strict"):
        if escape or letter not in "\\|":
            if letter in ",$" and not escape:
                return None
            parts[-1] += letter
            escape = False
        elif letter == "\\":
            escape = True
        else:
            parts.append("")
    return tuple(parts) if len(parts) == 2 and not escape else None


class Check:
    """The rules that a bundle breaks, as (code, where, words)."""

    def __init__(self, bundle):
        self.broken = []
        self.bundle = bundle
        self.entries = bundle.get("entry") or []
        self.by_url = {e.get("fullUrl"): e.get("resource", {}) for e in self.entries}
        self.rule_bundle()
        self.stamps_by_device = {}
        for index, entry in enumerate(self.entries):
            self.where = f"entry[{index}]"
            resource = entry.get("resource", {})
            self.rule_entry(entry, resource)
            kind = resource.get("resourceType")
            if kind == "Patient":
                self.patient(resource)
            elif kind == "Device":
                self.device(resource)
            elif kind == "Observation":
                if codes(resource.get("code"), LIFE):
                    self.life(resource)
                elif self.profiles(resource) == [GUIDE + "PhdCoincidentTimeStampObservation"]:
                    self.stamp(resource)
                else:
                    self.measurement(resource)
        self.rule_clocks()

    def need(self, code, true, words):
        if not true:
            self.broken.append((code, self.where, words))
        return bool(true)

    @staticmethod
    def profiles(resource):
        return resource.get("meta", {}).get("profile", [])

    def has_profile(self, reference, name):
        return self.profiles(self.by_url.get((reference or {}).get("reference"), {})) == [GUIDE + name]

    # B

    def rule_bundle(self):
        self.where = "bundle"
        self.need("B1", self.bundle.get("resourceType") == "Bundle", "is a Bundle")
        self.need("B1", self.bundle.get("type") == "transaction", "is a transaction")
        self.need("B1", 1 <= len(self.entries) <= 100, "has 1 to 100 entries")
        urls = [e.get("fullUrl") for e in self.entries]
        self.need("B2", len(set(urls)) == len(urls), "fullUrls are unique")
        conditions = [self.condition(e.get("request", {})) for e in self.entries]
        self.need("B4", len(set(conditions)) == len(conditions), "conditions are unique")
        names = [(i.get("system"), i.get("value")) for e in self.entries for i in e.get("resource", {}).get("identifier", [])]
        self.need("B4", len(set(names)) == len(names), "identifiers are unique")
        patients = set()
        for entry in self.entries:
            reference = entry.get("resource", {}).get("subject", {}).get("reference", "")
            if "Patient" in (reference.partition("/")[0], reference.partition("?")[0], self.kind(reference)):
                patients.add(reference)
        owned = {u for u, r in self.by_url.items() if r.get("resourceType") == "Patient"}
        self.need("B6", len(patients | owned) <= 1, "is about one patient")

    def kind(self, reference):
        return self.by_url.get(reference, {}).get("resourceType")

    def rule_entry(self, entry, resource):
        kind, request = resource.get("resourceType"), entry.get("request", {})
        self.need("B1", kind in ("Patient", "Device", "Observation"), "is of a permitted type")
        self.need("B2", re.fullmatch(UUID, entry.get("fullUrl") or ""), "fullUrl is a lower-case UUID")
        # What the clinic has already is amended: a conditional update by the reading's own id, of a measurement only.
        amends = request.get("method") == "PUT"
        if amends:
            stamp = self.profiles(resource) == [GUIDE + "PhdCoincidentTimeStampObservation"]
            # A sign of life, by a UUID of its own, is told apart in L2.
            self.need("B2", kind == "Observation" and not stamp, "only a measurement is amended")
            self.need("B2", str(request.get("url")).startswith("Observation?"), "is PUT by a condition")
            self.need("B2", "ifNoneExist" not in request, "an update has no ifNoneExist")
        else:
            self.need("B2", request.get("method") == "POST" and request.get("url") == kind, "is POSTed to its type")
        self.need("B2", "id" not in resource, "has no id")
        condition = self.condition(request)
        if self.need("B3", isinstance(condition, str), "has a condition"):
            name = unescaped(condition)
            identifiers = [(i.get("system"), i.get("value")) for i in resource.get("identifier", [])]
            if self.need("B3", name in identifiers, "condition is one of its identifiers, escaped"):
                own = [i for i in identifiers if i[0] == URN]
                best = own if amends else [self.preferred(identifiers), *own]
                self.need("B3", name in best, "condition is the best of its identifiers, or the reading's own")
            self.need("B3", not any(u and u in condition for u in self.by_url), "condition holds no fullUrl")
        for reference in self.references(resource):
            literal = re.fullmatch(r"(Patient|Device|Observation)/[A-Za-z0-9.-]{1,64}", reference)
            head, _, query = reference.partition("?")
            conditional = head == "Patient" and unescaped(query)
            self.need("B5", reference in self.by_url or literal or conditional, f"{reference} resolves")

    @staticmethod
    def condition(request):
        if request.get("method") == "PUT":
            return str(request.get("url")).partition("?")[2] or None
        return request.get("ifNoneExist")

    @staticmethod
    def preferred(identifiers):
        order = (SYSTEM_ID, BLUETOOTH, ETHERNET, ZIGBEE, PHD)
        ranked = [i for system in order for i in identifiers if i[0] == system]
        return (ranked or identifiers)[0]

    def references(self, value):
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                yield from self.references(inner)

    # P

    def patient(self, resource):
        self.need("P1", self.profiles(resource) == [GUIDE + "PhdPatient"], "keeps the profile")
        self.need("P1", set(resource) <= {"resourceType", "meta", "identifier"}, "says nothing but identifiers")
        for identifier in resource.get("identifier") or [{}]:
            self.need("P1", codes(identifier.get("type"), "http://terminology.hl7.org/CodeSystem/v2-0203"), "has a type")
            self.need("P1", identifier.get("system") and identifier.get("value"), "has system and value")

    # D

    def device(self, resource):
        for identifier in resource.get("identifier") or [{}]:
            kind = codes(identifier.get("type"), "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers")
            system, value = identifier.get("system"), identifier.get("value") or ""
            if system == URN:
                self.need("D1", re.fullmatch(UUID, value) and not kind, "a UUID identifier")
                continue
            code, count = DEVICE_SYSTEMS.get(system, (None, 0))
            self.need("D1", code and kind == [code], "identifier type fits its system")
            octets = re.fullmatch("-".join(["[0-9A-F]{2}"] * count), value) and set(value) != set("00-")
            self.need("D1", code and octets, "identifier is capital bytes")
        profile = self.profiles(resource)
        self.need("D4", profile in ([GUIDE + "PhgDevice"], [GUIDE + "PhdDevice"]), "keeps one profile of a device")
        self.need("D4", "parent" not in resource, "has no parent")
        is_gateway, code = profile == [GUIDE + "PhgDevice"], "D3" if profile == [GUIDE + "PhgDevice"] else "D2"
        for key in ("manufacturer", "modelNumber"):
            absent = resource.get("_" + key, {}).get("extension", [{}])[0].get("valueCode") == "unknown"
            self.need(code, resource.get(key) or absent, f"{key} is there, or said to be unknown")
        self.need(code, codes(resource.get("type")) == ["531981" if is_gateway else "65573"], "type")
        kinds = resource.get("specialization") or [{}]
        for kind in kinds:
            if is_gateway:
                self.need(code, codes(kind.get("systemType")) == ["528457"], "specialization")
                continue
            missing = codes(kind.get("systemType"), "http://hl7.org/fhir/uv/phd/CodeSystem/MissingMDCCodes")
            known = codes(kind.get("systemType"))
            fits = (known and known[0] in SPECIALIZATIONS and not missing) or (missing == ["528413"] and not known)
            self.need(code, fits and kind.get("version"), "specialization with version")
        versions = resource.get("version") or [{}]
        self.need(code, all(codes(v.get("type")) and ("value" in v or "_value" in v) for v in versions), "MDC versions")
        properties = [(p, (codes(p.get("type")) + codes(p.get("type"), BITS) + [None])[0]) for p in resource.get("property", [])]
        sync = [p for p, name in properties if name == "68220"]
        self.need(code, len(sync) == 1 and len(sync[0].get("valueCode", [])) == 1, "says how its time is synchronised")
        if is_gateway and sync:
            self.need(code, codes(sync[0]["valueCode"][0])[:1] not in ([], ["532224"]), "its time is synchronised")
            accuracy = [p for p, name in properties if name == "68221"]
            quantity = accuracy[0].get("valueQuantity", [{}])[0] if len(accuracy) == 1 else {}
            power = re.fullmatch("10*", str(quantity.get("value")))
            self.need(code, power and quantity.get("code") == "us", "accuracy is a power of ten in us")
            self.need(code, [n for _, n in properties].count("532354.0") == 1, "says whether it is regulated")
        for value, name in properties:
            if name and "." in name:
                said = codes((value.get("valueCode") or [{}])[0], "http://terminology.hl7.org/CodeSystem/v2-0136")
                self.need(code, said in (["Y"], ["N"]), f"{name} is Y or N")
        resource["_capabilities"] = {n for p, n in properties if n and n.startswith("68219.")}

    # C

    def stamp(self, resource):
        clock = codes(resource.get("code"))
        self.need("C1", len(clock) == 1 and clock[0] in CLOCKS, "code is one of the clocks")
        identifiers = resource.get("identifier", [])
        uuid = len(identifiers) == 1 and identifiers[0].get("system") == URN
        self.need("C1", uuid and re.fullmatch(UUID, identifiers[0].get("value", "")), "identifier is the reading id")
        self.need("C1", resource.get("status") == "final", "status is final")
        self.need("C1", self.has_profile(resource.get("subject"), "PhdDevice"), "subject is the PHD")
        self.need("C1", self.has_profile(resource.get("device"), "PhgDevice"), "device is the hub")
        self.need("C1", re.fullmatch(TIME, resource.get("effectiveDateTime", "")), "effective time with zone")
        forbidden = {"performer", "derivedFrom", "hasMember", "specimen", "focus", "basedOn", "category", "extension"}
        self.need("C2", not forbidden & set(resource), "has nothing that is forbidden")
        values = [key for key in resource if key.startswith("value")]
        if "dataAbsentReason" in resource:
            self.need("C2", not values, "a value, or why there is none")
        elif clock and clock[0] in ("67975", "68226"):
            ok = values == ["valueDateTime"] and re.fullmatch(TIME, resource["valueDateTime"])
            self.need("C2", ok, "a wall clock's value is a dateTime")
        else:
            ok = values == ["valueQuantity"] and resource["valueQuantity"].get("code") in ("ms", "us")
            self.need("C2", ok and resource["valueQuantity"].get("system") == UCUM, "a counter's value is in ms or us")
        if values and clock:
            device = resource.get("subject", {}).get("reference")
            self.stamps_by_device.setdefault(device, set()).add(clock[0])

    def rule_clocks(self):
        for url, clocks in self.stamps_by_device.items():
            self.where = str(url)
            capabilities = self.by_url.get(url, {}).get("_capabilities", set())
            for clock in clocks:
                self.need("D5", CLOCKS.get(clock, set()) & capabilities, f"the device says that it has clock {clock}")

    # L

    def life(self, o):
        """A sign of life: about the hub and its devices, with no reading and no person in the whole bundle."""
        code = codes(o["code"], LIFE)
        self.need("L1", code in (["hub-status"], ["device-status"]) and len(o["code"]["coding"]) == 1, "a code of its own")
        self.need("L1", self.has_profile(o.get("subject"), "PhgDevice"), "subject is the hub")
        self.need("L1", o.get("status") == "final" and "profile" not in o.get("meta", {}), "final, and no measurement")
        identifiers = o.get("identifier", [])
        ok = len(identifiers) == 1 and identifiers[0].get("system") == URN and re.fullmatch(UUID, identifiers[0].get("value", ""))
        self.need("L2", ok, "has one UUID")
        request = next(e for e in self.entries if e.get("resource") is o).get("request", {})
        self.need("L2", request.get("method") == "PUT", "takes the place of the one before")
        self.need("L3", "Patient" not in json.dumps(self.bundle, default=str), "nothing of a person is in the bundle")
        parts = {(codes(part.get("code"), LIFE) or [None])[0]: part for part in o.get("component", [])}
        self.need("L4", len(parts) == len(o.get("component", [])), "each component once, with a code of its own")
        if code == ["hub-status"]:
            self.hub_life(o, parts)
        else:
            self.device_life(o, parts)

    def life_parts(self, parts, wanted, optional=()):
        known = dict(wanted) | dict(optional)
        self.need("L4", set(wanted) <= set(parts) <= set(known), f"has the components it must: {sorted(map(str, parts))}")
        for name, part in parts.items():
            values = [key for key in part if key.startswith("value")]
            absent = codes(part.get("dataAbsentReason"), "http://terminology.hl7.org/CodeSystem/data-absent-reason")
            self.need("L4", len(values) + len(absent) == 1, f"{name} has a value, or why it has none")
            self.need("L4", not values or values == [known.get(name)], f"{name} has the right kind of value")
            self.need("L4", set(absent) <= {"unknown", "not-performed", "not-applicable"}, f"{name} has a known reason")
            if values == ["valueDateTime"]:
                self.need("L4", re.fullmatch(TIME, part["valueDateTime"]), f"{name} is a time with its zone")
            if values == ["valuePeriod"]:
                start, end = part["valuePeriod"].get("start", ""), part["valuePeriod"].get("end", "")
                ok = re.fullmatch(TIME, start) and re.fullmatch(TIME, end) and moment(start) < moment(end)
                self.need("L4", ok, f"{name} runs forwards")

    def hub_life(self, o, parts):
        self.life_parts(parts, HUB_LIFE)
        self.need("L5", re.fullmatch(TIME, o.get("effectiveDateTime", "")), "says when")
        self.need("L5", not [key for key in o if key.startswith("value")], "has no value of its own")
        for name, said in (("radio", ("working", "failing", "none")), ("clock", ("synchronised", "unsynchronised"))):
            value = codes(parts.get(name, {}).get("valueCodeableConcept"), LIFE)
            self.need("L5", len(value) == 1 and value[0] in said, f"{name} is in a known state")
        for name in ("interval", "clock-ahead"):
            if "valueQuantity" in parts.get(name, {}):
                self.quantity(parts[name]["valueQuantity"], {"s"}, name)
        others = [u for u, r in self.by_url.items() if codes(r.get("code"), LIFE) == ["device-status"]]
        self.need("L5", [m.get("reference") for m in o.get("hasMember", [])] == others, "has its devices as members")
        self.need("L5", ("valueDateTime" in parts.get("queue-oldest", {})) == (parts.get("queue-length", {}).get("valueInteger") != 0),
                  "the oldest is told where something waits")

    def device_life(self, o, parts):
        agreed = AGREED_LIFE if "schedule" in parts else {}
        late = {"missed": "valuePeriod"} if agreed else {}
        self.life_parts(parts, DEVICE_LIFE | agreed, late | {"user-slot": "valueInteger"})
        period = o.get("effectivePeriod", {})
        ok = re.fullmatch(TIME, period.get("start", "")) and re.fullmatch(TIME, period.get("end", ""))
        ok = ok and moment(period["end"]) - moment(period["start"]) == timedelta(days=1)
        self.need("L6", ok, "looks back on a day")
        focus = o.get("focus", [])
        named = len(focus) == 1 and focus[0].get("type") == "Device" and "reference" not in focus[0]
        identifier = focus[0].get("identifier", {}) if named else {}
        self.need("L6", identifier.get("system") in (*DEVICE_SYSTEMS, URN) and identifier.get("value"), "names its device")
        state = codes(o.get("valueCodeableConcept"), LIFE)
        unknown = codes(o.get("dataAbsentReason"), "http://terminology.hl7.org/CodeSystem/data-absent-reason") == ["unknown"]
        self.need("L6", bool(state and state[0] in LIFE_STATES) != unknown, "is in a known state, or nobody knows")
        if not ok or not state:
            return
        inside = lambda name: moment(period["start"]) <= moment(parts[name]["valueDateTime"]) <= moment(period["end"]) \
            if "valueDateTime" in parts.get(name, {}) else False
        self.need("L7", (state == ["measured"]) == inside("last-reading"), "measured is what was measured in that day")
        self.need("L7", state != ["not-heard"] or not inside("last-contact"), "what was not heard has no contact in that day")
        self.need("L7", state not in (["nothing-measured"], ["not-read"]) or inside("last-contact"), "what was heard has a contact")
        overdue = parts.get("overdue", {}).get("valueBoolean")
        self.need("L7", (overdue is True) == ("missed" in parts), "what is overdue says what was missed")

    # O

    def measurement(self, o):
        profile = self.profiles(o)
        self.need("O1", len(profile) == 1 and profile[0] in PROFILES, "keeps one profile of the guide")
        extensions = o.get("extension", [])
        gateways = [e for e in extensions if e.get("url") == GATEWAY]
        ok = len(gateways) == 1 and self.has_profile(gateways[0].get("valueReference"), "PhgDevice")
        self.need("O2", ok, "refers to the hub once")
        self.time_stamp(o, [e for e in extensions if e.get("url") == STAMP])
        mdc, loinc = codes(o.get("code")), codes(o.get("code"), LOINC)
        code = mdc[0] if mdc else None
        required, is_vital, units = TABLE.get(code, (None, False, None))
        first = (o.get("code", {}).get("coding") or [{}])[0]
        ok = len(mdc) == 1 and first.get("system") == MDC and str(first.get("display", "")).startswith("MDC_")
        self.need("O6", ok and units is not None, "code is MDC first, with its reference id, and in the table")
        self.need("O6", required is None or loinc[:1] == [required], "code has the LOINC that is demanded")
        self.further(o)
        for part in o.get("component", []):
            self.further(part)
        self.category(o, is_vital)
        self.status(o)
        subject = o.get("subject", {}).get("reference", "")
        person = subject.startswith(("Patient/", "Patient?")) or self.kind(subject) == "Patient"
        self.need("O7", person, "subject is a patient")
        self.need("O7", self.has_profile(o.get("device"), "PhdDevice"), "device is the PHD")
        self.effective(o)
        self.quantities(o, units or set())
        identifiers = o.get("identifier", [])
        ids = [i for i in identifiers if i.get("system") == URN and re.fullmatch(UUID, i.get("value", ""))]
        self.need("O11", len(ids) == 1 and "type" not in ids[0], "has one reading id")
        known = [i for i in identifiers if i.get("system") in (URN, PHD)]
        self.need("O11", len(known) == len(identifiers), "has no other identifier")
        phd = [i for i in identifiers if i.get("system") == PHD]
        self.need("O12", len(phd) <= 1, "has at most one PHD identifier")
        if len(phd) == 1:
            self.phd_identifier(o, phd[0], code)
        if profile == [GUIDE + "PhdCompoundNumericObservation"]:
            self.panel(o, code)
        if profile == [GUIDE + "PhdBitsEnumerationObservation"]:
            self.bits(o, code)
        if profile == [GUIDE + "PhdCodedEnumerationObservation"]:
            self.coded(o, code)
        for link in o.get("derivedFrom", []) + o.get("hasMember", []):
            target = self.by_url.get(link.get("reference"), {})
            self.need("O15", set(self.profiles(target)) & PROFILES, "links lead to measurements in the bundle")
        for concept in o.get("interpretation", []):
            said = codes(concept, "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status")
            self.need("O15", len(said) == 1 and said[0] in STATUSES, "an interpretation has one known code")

    def further(self, o):
        """Codes beside MDC and LOINC: of the same quantity, and beside a value only in the unit that they imply."""
        mdc = (codes(o.get("code")) + [None])[0]
        unit = o.get("valueQuantity", {}).get("code")
        for coding in o.get("code", {}).get("coding", []):
            system, code = coding.get("system"), coding.get("code")
            if system == SNOMED:
                self.need("O6", code in CONCEPTS.get(mdc, ()), f"{code} is the concept of {mdc}")
            elif system in NPU | MCS | {SKS}:
                of, implied = CODE_UNIT.get(code, ("", None))
                right = NPU if code[:3] in ("NPU", "DNK") else MCS if code[:3] == "MCS" else {SKS}
                self.need("O6", mdc in of.split() and system in right, f"{code} is the code of {mdc}")
                self.need("O10", unit is None or unit == implied, f"{code} implies {implied}")

    def category(self, o, is_vital):
        said = [[(c.get("system"), c.get("code")) for c in k.get("coding", [])] for k in o.get("category", [])]
        phd = [("http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories", "phd")]
        vital = [("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")]
        self.need("O4", said == ([phd, vital] if is_vital else [phd]), "categories: phd alone, then vital-signs if it is one")

    def status(self, o):
        status = o.get("status")
        self.need("O5", status in ("final", "preliminary", "entered-in-error"), "a known status")
        system = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
        said = [code for concept in o.get("interpretation", []) for code in codes(concept, system)]
        is_bits = self.profiles(o) == [GUIDE + "PhdBitsEnumerationObservation"]
        if not is_bits:
            self.need("O5", (status == "preliminary") == ("early-indication" in said), "preliminary is early-indication")
        reason = codes(o.get("dataAbsentReason"), "http://terminology.hl7.org/CodeSystem/data-absent-reason")
        self.need("O5", status != "entered-in-error" or reason == ["error"], "entered-in-error has no value: error")

    def effective(self, o):
        keys = [key for key in o if key.startswith("effective")]
        if not self.need("O8", len(keys) == 1 and keys[0] in ("effectiveDateTime", "effectivePeriod"), "one time"):
            return
        if keys == ["effectiveDateTime"]:
            self.need("O8", re.fullmatch(TIME, o["effectiveDateTime"]), "to the second, with zone")
            return
        start, end = o["effectivePeriod"].get("start"), o["effectivePeriod"].get("end")
        ok = end and re.fullmatch(TIME, end) and (not start or re.fullmatch(TIME, start))
        if self.need("O8", ok, "a period to the second, with zone"):
            self.need("O8", not start or moment(start) <= moment(end), "a period runs forwards")
            said = any("time" in n.get("text", "") for n in o.get("note", []))
            self.need("O8", start or said, "a bound is said in words")

    def quantity(self, q, units, what):
        number = isinstance(q.get("value"), Decimal) and not isinstance(q.get("value"), bool)
        self.need("O9", number and q.get("system") == UCUM and q.get("code") and q.get("unit"), f"{what} is complete")
        self.need("O10", q.get("code") in units, f"{what} is in a permitted unit")

    def quantities(self, o, units):
        profile = self.profiles(o)
        values = [key for key in o if key.startswith("value")]
        if profile in ([GUIDE + "PhdNumericObservation"], [GUIDE + "PhdRtsaObservation"]):
            both = len(values) + ("dataAbsentReason" in o)
            self.need("O9", both == 1, "a value, or why there is none")
        elif profile == [GUIDE + "PhdCodedEnumerationObservation"]:
            self.need("O9", values == ["valueCodeableConcept"], "has a code for a value")
        else:
            self.need("O9", profile[:1] and not values, "has no value of its own")
        if "dataAbsentReason" in o:
            reason = codes(o["dataAbsentReason"], "http://terminology.hl7.org/CodeSystem/data-absent-reason")
            self.need("O9", len(reason) == 1 and reason[0] in ABSENT, "a known reason")
        if "valueQuantity" in o:
            self.need("O9", profile == [GUIDE + "PhdNumericObservation"], "a quantity is a Numeric's")
            self.quantity(o["valueQuantity"], units, "value")
        if "valueSampledData" in o:
            data = o["valueSampledData"]
            self.quantity(data.get("origin", {}), units, "origin")
            numbers = all(isinstance(data.get(key), Decimal) for key in ("period", "dimensions"))
            self.need("O9", numbers and re.fullmatch(r"-?\d+(\.\d+)?( -?\d+(\.\d+)?)*", data.get("data", "")), "samples")
        if profile != [GUIDE + "PhdNumericObservation"]:
            return
        for part in o.get("component", []):
            if codes(part.get("code")) == ["68193"]:
                said = codes(part.get("valueCodeableConcept"))
                self.need("O9", len(said) == 1, "a supplemental type is one MDC code")
                continue
            statistic, wear = codes(part.get("code"), STATISTICS), codes(part.get("code"), WEAR)
            known = statistic in (["minimum"], ["maximum"], ["average"]) or (wear and re.fullmatch(r"seconds-(observed|below-\d+)", wear[0]))
            self.need("O9", known and part.get("code", {}).get("text"), "a component is a statistic, in words too")
            if "valueQuantity" in part:
                self.quantity(part["valueQuantity"], {"s"} if wear else units, "component")
            else:
                self.need("O9", "dataAbsentReason" in part, "a component has a value, or why it has none")

    def time_stamp(self, o, links):
        if not links:
            return
        target = self.by_url.get(links[0].get("valueReference", {}).get("reference"), {})
        ok = len(links) == 1 and self.profiles(target) == [GUIDE + "PhdCoincidentTimeStampObservation"]
        if self.need("O3", ok, "refers to one time stamp"):
            same = target.get("subject", {}).get("reference") == o.get("device", {}).get("reference")
            self.need("O3", same, "the time stamp is the same device's")

    def phd_identifier(self, o, identifier, code):
        """DEVICE-PATIENT-TYPE-TIME[-SUPP]*; the patient is anything, so the ends are taken off first."""
        value = identifier.get("value", "")
        self.need("O12", "type" not in identifier, "has no type")
        device = self.by_url.get(o.get("device", {}).get("reference"), {})
        names = [i.get("value", "").replace("-", "") for i in device.get("identifier", []) if i.get("system") != URN]
        if not self.need("O12", names and value.startswith(names[0] + "-"), "begins with the device"):
            return
        supplements = [
            supplement for part in o.get("component", []) if codes(part.get("code")) == ["68193"]
            for supplement in codes(part.get("valueCodeableConcept"))
        ]  # fmt: skip
        tail = "".join("-" + s for s in supplements)
        middle = value.removeprefix(names[0] + "-")
        if not self.need("O12", middle.endswith(tail), "ends with the supplemental types"):
            return
        match = re.fullmatch(r"(.+)-(\d+)-(-?\d+)(\.\d+)?([+-]\d+)?(\.\.(\d+(\.\d+)?))?", middle.removesuffix(tail))
        if not self.need("O12", match and match[2] == code, "has the code and the time"):
            return
        self.need("O12", match[1] == self.patient_name(o), "names the patient")
        seconds = Decimal(match[3] + (match[4] or ""))
        period = o.get("effectivePeriod")
        self.need("O12", abs(seconds) < 10**10, "the time is in seconds")
        if self.need("O12", bool(period) == bool(match[7]), "has a duration where there is one") and period:
            if not self.need("O12", "start" in period, "a stamped period has a start"):
                return
            length = moment(period["end"]) - moment(period["start"])
            self.need("O12", length == timedelta(seconds=float(match[7])), "has the period's duration")
            self.need("O12", len(match[4] or "") == len(match[8] or ""), "has the resolution's decimals")
        self.corrected(o, seconds)

    def patient_name(self, o):
        reference = o.get("subject", {}).get("reference", "")
        if reference.startswith("Patient/"):
            return reference.removeprefix("Patient/")
        if reference.startswith("Patient?"):
            return "-".join(reversed(unescaped(reference.partition("?")[2]) or ()))
        identifier = (self.by_url.get(reference, {}).get("identifier") or [{}])[0]
        return f"{identifier.get('value')}-{identifier.get('system')}"

    def corrected(self, o, seconds):
        """effective = hub - (device - reading), on the device's own line."""
        links = [e for e in o.get("extension", []) if e.get("url") == STAMP]
        stamp = self.by_url.get(links[0]["valueReference"]["reference"], {}) if links else {}
        if not self.need("O3", links, "a stamped reading refers to what corrected it") or "dataAbsentReason" in stamp:
            return
        if "valueDateTime" in stamp:
            own = moment(stamp["valueDateTime"]).replace(tzinfo=None) - datetime(2000, 1, 1)
            device = Decimal(own // timedelta(microseconds=1)) / 1_000_000
            if codes(stamp.get("code")) == ["68226"]:
                # A clock with offset counts in UTC, and the identifier's seconds do too.
                device -= Decimal(moment(stamp["valueDateTime"]).utcoffset().total_seconds())
        elif "valueQuantity" in stamp:
            unit = {"ms": 1000, "us": 1_000_000}.get(stamp["valueQuantity"].get("code"), 1)
            device = stamp["valueQuantity"]["value"] / unit
        else:
            return
        time = o.get("effectiveDateTime") or o["effectivePeriod"].get("start")
        wanted = Decimal(str(moment(stamp["effectiveDateTime"]).timestamp())) - (device - seconds)
        got = Decimal(str(moment(time).timestamp()))
        # A clock that was read twice leads along its own line, and no crystal is out by more than this.
        drift = abs(device - seconds) * Decimal("0.00025")
        self.need("O3", abs(got - wanted) < Decimal("0.002") + drift, "effective = hub - (device - reading)")

    def panel(self, o, code):
        parts = {c: part for part in o.get("component", []) for c in codes(part.get("code")) if c in PRESSURES}
        self.need("O13", code == "150020" and {"150021", "150022"} <= set(parts), "has systolic and diastolic")
        self.need("O13", len(parts) == len(o.get("component", [])), "has each pressure once and nothing else")
        for name, part in parts.items():
            loinc = PRESSURES[name]
            self.need("O13", loinc is None or codes(part["code"], LOINC)[:1] == [loinc], f"{name} has its LOINC")
            both = ("valueQuantity" in part) + ("dataAbsentReason" in part)
            self.need("O13", both == 1, f"{name} has a value, or why it has none")
            if "valueQuantity" in part:
                self.quantity(part["valueQuantity"], {"mm[Hg]"}, name)

    def bits(self, o, code):
        parts = o.get("component", [])
        self.need("O14", parts, "has a bit")
        seen = [codes(part.get("code"), BITS) for part in parts]
        numbers = all(len(s) == 1 and re.fullmatch(rf"{code}\.\d+", s[0]) for s in seen)
        limit = {"8410608": 6, "8417752": 12}.get(code, 16)
        ok = numbers and all(int(s[0].partition(".")[2]) < limit for s in seen) and len({s[0] for s in seen}) == len(seen)
        self.need("O14", ok, "bits are of its own code, each once")
        self.need("O14", all(part.get("valueBoolean") is True for part in parts), "events are sent when they happened")
        self.need("O14", o.get("derivedFrom"), "says what it is about")


    def coded(self, o, code):
        value = o.get("valueCodeableConcept", {})
        said = codes(value)
        self.need("O16", len(said) == 1 and said[0] in ANSWERS.get(code, ()), "is one of the answers to its question")
        displays = [c.get("display", "") for c in value.get("coding", []) + o["code"]["coding"]]
        self.need("O16", len(displays) == 2 and displays[0].startswith(displays[1] + "_"), "the answer's name goes on from the question's")
        self.need("O16", value.get("text") and o["code"].get("text"), "both are in words too")
        self.need("O16", not o.get("component") and "dataAbsentReason" not in o, "has nothing but its code")
        self.need("O16", o.get("derivedFrom"), "says what it is about")


def check(text):
    return Check(load(text)).broken


def main():
    broken = [(name, *rule) for name in sys.argv[1:] for rule in check(open(name, encoding="utf-8").read())]
    for name, code, where, words in broken:
        print(f"{name}: {code} {where}: {words}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
