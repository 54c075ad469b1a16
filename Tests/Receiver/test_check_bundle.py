"""The checker finds nothing in the written examples, and the right rule in every broken copy of them."""

import copy
import pathlib

import pytest

from check_bundle import GATEWAY, GUIDE, MDC, PHD, URN, Check, load

EXAMPLES = pathlib.Path(__file__).parent / "examples"
SPOT, PRESSURE, SPIROMETRY = "spo2-spot-clock-plus-192s", "bp-status-no-clock", "spirometry-session"


def example(name):
    return load((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [SPOT, PRESSURE, SPIROMETRY])
def test_examples_are_right(name):
    assert Check(example(name)).broken == []



def amendment(index):
    """The entry as a hub sends it that knows better now: an update by the reading's own id."""

    def change(bundle):
        entry = bundle["entry"][index]
        own = [i for i in entry["resource"]["identifier"] if i["system"] == URN][0]
        entry["request"] = {"method": "PUT", "url": f"Observation?identifier={URN}|{own['value']}"}

    return change


def also(*changes):
    def change(bundle):
        for each in changes:
            each(bundle)

    return change


@pytest.mark.parametrize(("name", "index"), [(SPOT, 4), (PRESSURE, 2), (SPIROMETRY, 9)])
def test_an_amendment_is_right(name, index):
    bundle = example(name)
    amendment(index)(bundle)
    assert Check(bundle).broken == []


def put(path, value):
    """Sets what the path leads to; `...` as value takes it away."""

    def change(bundle):
        place = bundle
        for step in path[:-1]:
            place = place[step]
        if value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


def in_entry(index, *path, to):
    return put(("entry", index, *path), to)


def in_resource(index, *path, to):
    return put(("entry", index, "resource", *path), to)


def twice(index):
    def change(bundle):
        entry = copy.deepcopy(bundle["entry"][index])
        entry["fullUrl"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
        bundle["entry"].append(entry)

    return change


def replace(old, new, index=None):
    """Replaces a piece of text wherever it stands, in one entry or in all."""

    def walk(value):
        if isinstance(value, str):
            return value.replace(old, new)
        if isinstance(value, list):
            return [walk(v) for v in value]
        return {k: walk(v) for k, v in value.items()} if isinstance(value, dict) else value

    def change(bundle):
        for i, entry in enumerate(bundle["entry"]):
            if index in (None, i):
                bundle["entry"][i] = walk(entry)

    return change


def append(path, value):
    def change(bundle):
        place = bundle
        for step in path:
            place = place.setdefault(step, []) if isinstance(place, dict) else place[step]
        place.append(value)

    return change


def many(bundle):
    bundle["entry"] = bundle["entry"] * 20


CODING = {"coding": [{"system": MDC, "code": "528388"}]}
UPPER = "urn:uuid:4B969EDC-d517-54c1-a07f-acede8b3ca24"
# SPOT: 0 Patient, 1 hub, 2 device, 3 time stamp, 4 SpO2, 5 pulse, 6 perfusion.
# PRESSURE: 0 hub, 1 device, 2 panel, 3 pulse, 4 bits, 5 battery.  SPIROMETRY: 2 time stamp, 3 FEV1, 9 flow.
MUTATIONS = [
    ("B1", PRESSURE, put(("type",), "batch")),
    ("B1", PRESSURE, put(("resourceType",), "Parameters")),
    ("B1", PRESSURE, put(("entry",), [])),
    ("B1", PRESSURE, many),
    ("B1", PRESSURE, in_resource(3, "resourceType", to="Media")),
    ("B2", PRESSURE, in_entry(0, "fullUrl", to=UPPER)),
    ("B2", PRESSURE, in_entry(3, "fullUrl", to="Observation/1")),
    ("B2", PRESSURE, in_entry(3, "request", "method", to="PUT")),
    ("B2", PRESSURE, in_entry(3, "request", "url", to="Device")),
    ("B2", SPOT, amendment(3)),
    ("B2", PRESSURE, also(amendment(3), in_entry(3, "request", "ifNoneExist", to="identifier=a|b"))),
    ("B3", PRESSURE, also(amendment(3), in_entry(3, "request", "url", to="Observation?identifier=a|b"))),
    ("B3", SPOT, also(amendment(4), in_entry(4, "request", "url", to=f"Observation?identifier={PHD}|x"))),
    ("B2", PRESSURE, in_resource(3, "id", to="1")),
    ("B3", PRESSURE, in_entry(3, "request", "ifNoneExist", to=...)),
    ("B3", PRESSURE, in_entry(3, "request", "ifNoneExist", to="?identifier=a|b")),
    ("B3", PRESSURE, in_entry(3, "request", "ifNoneExist", to="identifier=urn:ietf:rfc:3986|urn:uuid:wrong")),
    ("B3", SPIROMETRY, replace("%2B", "+", 3)),
    ("B3", SPOT, in_entry(2, "request", "ifNoneExist", to="identifier=http://hl7.org/fhir/sid/eui-48/bluetooth|00-00-5E-00-53-A1")),
    ("B4", PRESSURE, twice(3)),
    ("B5", PRESSURE, replace("urn:uuid:8bddd09d-36d2-5cfa-997c-53779fe778a1", "urn:uuid:8bddd09d-36d2-5cfa-997c-53779fe77800", 3)),
    ("B5", SPIROMETRY, replace("Patient?identifier=urn:oid:2.999.1.2.3.4.5|tele-0042", "Patient?name=x", 3)),
    ("B6", PRESSURE, in_resource(3, "subject", "reference", to="Patient/other")),
    ("P1", SPOT, in_resource(0, "name", to=[{"family": "x"}])),
    ("P1", SPOT, in_resource(0, "identifier", 0, "type", to=...)),
    ("P1", SPOT, in_resource(0, "meta", to={})),
    ("D1", SPOT, in_resource(2, "identifier", 0, "type", "coding", 0, "code", to="BTMAC")),
    ("D1", SPOT, replace("00-00-5E-FF-FE-00-53-A1", "00-00-5e-ff-fe-00-53-a1", 2)),
    ("D1", SPOT, replace("00-00-5E-FF-FE-00-53-A1", "00-00-00-00-00-00-00-00", 2)),
    ("D2", PRESSURE, in_resource(1, "manufacturer", to=...)),
    ("D2", PRESSURE, in_resource(1, "modelNumber", to=...)),
    ("D2", PRESSURE, in_resource(1, "type", "coding", 0, "code", to="531981")),
    ("D2", PRESSURE, in_resource(1, "specialization", 0, "version", to=...)),
    ("D2", PRESSURE, replace("528391", "528413", 1)),
    ("D2", PRESSURE, in_resource(1, "version", to=[])),
    ("D2", PRESSURE, in_resource(1, "property", to=[])),
    ("D3", PRESSURE, in_resource(0, "type", "coding", 0, "code", to="65573")),
    ("D3", PRESSURE, in_resource(0, "specialization", 0, "systemType", to=CODING)),
    ("D3", PRESSURE, replace("532228", "532224", 0)),
    ("D3", PRESSURE, in_resource(0, "property", 1, "valueQuantity", 0, "value", to=700000)),
    ("D3", PRESSURE, in_resource(0, "property", 2, to=...)),
    ("D3", PRESSURE, in_resource(0, "version", to=...)),
    ("D4", PRESSURE, in_resource(1, "parent", to={"reference": "Device/1"})),
    ("D4", PRESSURE, in_resource(1, "meta", "profile", to=[])),
    ("D5", SPOT, in_resource(2, "property", 1, to=...)),
    ("D5", SPIROMETRY, replace("68219.7", "68219.0", 1)),
    ("C1", SPOT, in_resource(3, "code", "coding", 0, "code", to="68225")),
    ("C1", SPOT, append(("entry", 3, "resource", "identifier"), {"system": PHD, "value": "x"})),
    ("C1", SPOT, in_resource(3, "status", to="preliminary")),
    ("C1", SPOT, in_resource(3, "subject", "reference", to="urn:uuid:1edd58f6-de45-5e7a-8cb6-42c8855b3a00")),
    ("C1", SPOT, in_resource(3, "device", "reference", to="urn:uuid:d4302db8-c778-573d-b78e-9f62caded056")),
    ("C1", SPOT, in_resource(3, "effectiveDateTime", to="2026-11-20T08:15:30.000")),
    ("C2", SPOT, in_resource(3, "category", to=[])),
    ("C2", SPOT, in_resource(3, "extension", to=[])),
    ("C2", SPOT, in_resource(3, "valueDateTime", to=...)),
    ("C2", SPOT, in_resource(3, "valueQuantity", to={"value": 1})),
    ("O1", SPOT, append(("entry", 4, "resource", "meta", "profile"), GUIDE + "PhdBaseObservation")),
    ("O1", SPOT, in_resource(4, "meta", "profile", to=[])),
    ("O2", SPOT, in_resource(4, "extension", 0, to=...)),
    ("O2", SPOT, in_resource(4, "extension", 0, "valueReference", "reference", to="urn:uuid:d4302db8-c778-573d-b78e-9f62caded056")),
    ("O2", SPOT, append(("entry", 4, "resource", "extension"), {"url": GATEWAY, "valueReference": {"reference": "urn:uuid:163e17bd-28ae-5e41-8645-2eef56ce8729"}})),
    ("O3", SPOT, in_resource(4, "extension", 1, to=...)),
    ("O3", SPOT, in_resource(4, "extension", 1, "valueReference", "reference", to="urn:uuid:163e17bd-28ae-5e41-8645-2eef56ce8729")),
    ("O3", SPOT, in_resource(4, "effectiveDateTime", to="2026-11-20T08:14:44.000+01:00")),
    ("O3", SPOT, in_resource(4, "effectiveDateTime", to="2026-11-20T08:14:43.000+02:00")),
    ("O3", SPIROMETRY, in_resource(3, "effectiveDateTime", to="2026-11-20T09:28:41.460+01:00")),
    ("O4", SPOT, in_resource(4, "category", 1, to=...)),
    ("O4", SPOT, append(("entry", 6, "resource", "category"), {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]})),
    ("O4", SPOT, append(("entry", 4, "resource", "category", 0, "coding"), {"system": "x", "code": "y"})),
    ("O5", SPOT, in_resource(4, "status", to="amended")),
    ("O5", SPOT, in_resource(4, "status", to="preliminary")),
    ("O5", SPOT, in_resource(4, "status", to="entered-in-error")),
    ("O6", SPOT, in_resource(4, "code", "coding", 1, "code", to="59408-5")),
    ("O6", SPOT, in_resource(4, "code", "coding", 0, "display", to="SpO2")),
    ("O6", SPOT, lambda b: b["entry"][4]["resource"]["code"]["coding"].reverse()),
    ("O6", SPOT, in_resource(6, "code", "coding", 0, "code", to="150449")),
    ("O7", PRESSURE, in_resource(3, "subject", "reference", to="urn:uuid:8bddd09d-36d2-5cfa-997c-53779fe778a1")),
    ("O7", PRESSURE, in_resource(3, "device", "reference", to="urn:uuid:4b969edc-d517-54c1-a07f-acede8b3ca24")),
    ("O8", PRESSURE, in_resource(3, "effectiveDateTime", to="2026-11-20")),
    ("O8", PRESSURE, in_resource(3, "effectiveDateTime", to="2026-11-20T07:02:11")),
    ("O8", PRESSURE, in_resource(3, "effectiveDateTime", to=...)),
    ("O8", SPIROMETRY, in_resource(9, "effectivePeriod", "start", to="2026-11-20T10:28:42.465+01:00")),
    ("O8", SPIROMETRY, in_resource(9, "effectivePeriod", "start", to=...)),
    ("O9", PRESSURE, in_resource(3, "valueQuantity", "value", to="71.0")),
    ("O9", PRESSURE, in_resource(3, "valueQuantity", "system", to="http://example.org")),
    ("O9", PRESSURE, in_resource(3, "valueQuantity", "unit", to=...)),
    ("O9", PRESSURE, in_resource(3, "valueQuantity", to=...)),
    ("O9", PRESSURE, in_resource(2, "valueQuantity", to={"value": 1})),
    ("O9", SPIROMETRY, in_resource(9, "valueSampledData", "data", to="0 L 1")),
    ("O10", PRESSURE, in_resource(3, "valueQuantity", "code", to="1/min")),
    ("O10", SPIROMETRY, in_resource(3, "valueQuantity", "code", to="mL")),
    ("O10", PRESSURE, in_resource(2, "component", 0, "valueQuantity", "code", to="kPa")),
    ("O11", PRESSURE, in_resource(3, "identifier", to=[])),
    ("O11", SPOT, in_resource(4, "identifier", 1, to=...)),
    ("O11", SPOT, append(("entry", 4, "resource", "identifier"), {"system": URN, "value": "urn:uuid:00000000-0000-4000-8000-000000000001"})),
    ("O12", SPOT, in_resource(4, "identifier", 0, "type", to={})),
    ("O12", SPOT, replace("00005EFFFE0053A1-", "00-00-5E-FF-FE-00-53-A1-", 4)),
    ("O12", SPOT, replace("-150456-", "-149530-", 4)),
    ("O12", SPOT, replace("-848477875-150588", "-848477875", 4)),
    ("O12", SPOT, replace("-848477875-", "-20261120081755-", 4)),
    ("O12", SPOT, replace("-tele-0042-urn:oid:2.999.1.2.3.4.5-", "-tele-0042-", 4)),
    ("O12", SPIROMETRY, replace("..3.200", "-3.200", 9)),
    ("O12", SPIROMETRY, replace("..3.200", "..3.300", 9)),
    ("O13", PRESSURE, in_resource(2, "component", 1, to=...)),
    ("O13", PRESSURE, in_resource(2, "component", 0, "valueQuantity", to=...)),
    ("O13", PRESSURE, in_resource(2, "component", 0, "code", "coding", 1, to=...)),
    ("O14", PRESSURE, in_resource(4, "component", to=[])),
    ("O14", PRESSURE, in_resource(4, "component", 0, "code", "coding", 0, "code", to="8410608.9")),
    ("O14", PRESSURE, in_resource(4, "component", 0, "code", "coding", 0, "system", to=MDC)),
    ("O14", PRESSURE, in_resource(4, "component", 0, "valueBoolean", to=False)),
    ("O14", PRESSURE, in_resource(4, "derivedFrom", to=...)),
    ("O15", PRESSURE, in_resource(4, "derivedFrom", 0, "reference", to="urn:uuid:8bddd09d-36d2-5cfa-997c-53779fe778a1")),
    ("O15", SPOT, in_resource(4, "interpretation", to=[{"coding": [{"system": "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status", "code": "fine"}]}])),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "name", "change"), [(n, *m) for n, m in enumerate(MUTATIONS)])
def test_broken_copies_are_rejected(number, code, name, change):
    bundle = example(name)
    change(bundle)
    assert code in {rule for rule, _, _ in Check(bundle).broken}


def test_every_rule_is_tried():
    rules = {f"B{n}" for n in range(1, 7)} | {f"D{n}" for n in range(1, 6)} | {f"O{n}" for n in range(1, 16)}
    assert {code for code, _, _ in MUTATIONS} == rules | {"C1", "C2", "P1"}
