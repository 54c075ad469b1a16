"""The bundles that the product writes, judged by what did not write them."""

import json
import pathlib
import re

import pytest

from check_bundle import Check, check, load
from conftest import Receiver
from fhir.resources.R4B.bundle import Bundle
from page import EXAMPLE, PAGE, example

EXAMPLES = pathlib.Path(__file__).parent / "examples"


def test_every_rule_holds(bundles):
    assert {name: broken for name, text in bundles.items() if (broken := check(text))} == {}


def test_a_foreign_library_reads_them(bundles):
    for name, text in bundles.items():
        bundle = Bundle.model_validate_json(text)
        assert len(bundle.entry) == len(json.loads(text)["entry"]), name


def anonymous(text):
    """Entries without their UUIDs, numbers as they are written, in any order."""
    urls = [entry["fullUrl"] for entry in json.loads(text)["entry"]]
    names = {}
    for entry in json.loads(text)["entry"]:
        resource = entry["resource"]
        code = resource.get("code") or resource.get("type") or {"coding": [{"code": "person"}]}
        names[entry["fullUrl"]] = code["coding"][0]["code"]
    assert len(set(names.values())) == len(urls)
    text = re.sub(r"urn:uuid:[0-9a-f-]{36}", lambda match: names.get(match[0], "a reading id"), text)
    bundle = json.loads(text, parse_float=str, parse_int=str)
    for entry in bundle["entry"]:
        # An example asks for the guide's identifier, we for the reading's own: what is concluded of its time may change.
        if entry["request"]["url"] == "Observation":
            assert entry["request"].pop("ifNoneExist").startswith("identifier=")
    return {entry["fullUrl"]: entry for entry in bundle["entry"]}


def test_the_written_examples_are_reproduced(bundles):
    for ours, example in (("spot-check-patient-entry", "spo2-spot-clock-plus-192s"), ("pressure", "bp-status-no-clock")):
        assert anonymous(bundles[ours]) == anonymous((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))


def test_digits_stay(bundles):
    for name, digits in (
        ("pressure", "71.0"), ("scale-on-a-cable", "82.35"), ("scale-on-a-cable", "25.0"), ("temperatures", "36.90"),
        ("scale-on-a-cable", "175"), ("pressure-kilopascal", "122.3"), ("pressure-kilopascal", "78.8"),
    ):  # fmt: skip
        assert f'"value":{digits},"unit"' in bundles[name], (name, digits)


def test_a_server_takes_each_and_nothing_is_stored_twice(bundles):
    for name, text in bundles.items():
        receiver = Receiver()
        try:
            if "Patient?identifier=" in text:
                # A conditional reference finds nobody, then somebody.
                assert receiver.post(text)[0] == 404, name
                assert receiver.resources() == [], name
                assert receiver.post(someone(text))[0] == 200, name
            before = len(receiver.resources())
            status, answer = receiver.post(text)
            assert status == 200, (name, answer)
            codes = [entry["response"]["status"] for entry in answer["entry"]]
            stored = receiver.resources()
            assert codes.count("201 Created") == len(stored) - before, name
            assert len(codes) == len(json.loads(text)["entry"]), name
            status, answer = receiver.post(text)
            assert {entry["response"]["status"] for entry in answer["entry"]} == {"200 OK"}, name
            assert receiver.resources() == stored, name
        finally:
            receiver.kill()


def someone(text):
    """A transaction that creates the person whom the bundle refers to."""
    reference = re.search(r'"reference":"Patient\?(identifier=[^"]*)"', text)[1].replace("\\\\", "\\")
    from check_bundle import unescaped

    system, value = unescaped(reference)
    resource = {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}
    request = {"method": "POST", "url": "Patient", "ifNoneExist": reference}
    entry = {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000000", "resource": resource, "request": request}
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def further(text):
    """Systems and codes beside MDC and LOINC."""
    observations = [e["resource"] for e in json.loads(text)["entry"] if e["resource"]["resourceType"] == "Observation"]
    concepts = [part["code"] for o in observations for part in [o, *o.get("component", [])]]
    codings = [c for concept in concepts for c in concept["coding"]]
    return {(c["system"], c["code"]) for c in codings if re.match("(NPU|DNK|MCS|ZZ)", c["code"]) or "snomed" in c["system"]}


def test_codes_are_the_destinations(bundles):
    """As the two national guides and MedCom have them, by hand from the contract's table."""
    npu, mcs = "urn:oid:1.2.208.176.2.1", "urn:oid:1.2.208.184.100.8"
    assert further(bundles["codes-fut"]) == {
        ("urn:oid:1.2.208.176.2.4", "ZZ3170"), (npu, "DNK05472"), (npu, "DNK05473"), (npu, "NPU21692"), (npu, "NPU03011"),
        (npu, "NPU03804"), (npu, "NPU27281"), (npu, "NPU08676"), (npu, "NPU22089"), (mcs, "MCS88015"), (mcs, "MCS88016"),
        (mcs, "MCS88017"),
    }  # fmt: skip
    medcom = further(bundles["codes-medcom"])
    assert {code for _, code in medcom} >= {"MCS88206", "MCS88019", "MCS88020"}
    assert {system for system, code in medcom if code.startswith("MCS")} == {
        "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-observation-codes"}
    core = further(bundles["codes-dk-core"])
    assert {system for system, code in core if code[:3] in ("NPU", "DNK")} == {"http://npu-terminology.org"}
    assert {code for system, code in core if "snomed" in system} >= {"431314004", "75367002", "271649006", "386725007"}
    assert not further(bundles["pressure"])


def spoil(change):
    """Changes the first Observation of a sign of life, or the one of a device's where it says so."""

    def spoiled(text):
        bundle = load(text)
        change([entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation"], bundle)
        return Check(bundle).broken

    return spoiled


def part(o, code):
    return next(each for each in o["component"] if each["code"]["coding"][0]["code"] == code)


@pytest.mark.parametrize(("rule", "change"), [
    ("L1", lambda o, _: o[0].update(subject={"reference": "Device/1"})),
    ("L1", lambda o, _: o[1]["code"]["coding"][0].update(code="status")),
    ("L1", lambda o, _: o[1].update(status="preliminary")),
    ("L2", lambda o, b: b["entry"][2].update(request={"method": "POST", "url": "Observation", "ifNoneExist": "identifier=urn:ietf:rfc:3986|" + o[1]["identifier"][0]["value"]})),
    ("L3", lambda o, _: o[1]["focus"].append({"reference": "Patient/pt-4711"})),
    ("L4", lambda o, _: o[0]["component"].pop()),
    ("L4", lambda o, _: o[1]["component"].append(o[1]["component"][0])),
    ("L4", lambda o, _: part(o[1], "battery-low").update(valueBoolean=..., valueString="no") or part(o[1], "battery-low").pop("valueBoolean")),
    ("L4", lambda o, _: part(o[1], "next-expected")["valuePeriod"].update(end="2026-11-20T18:00:00+01:00")),
    ("L5", lambda o, _: o[0].pop("hasMember")),
    ("L5", lambda o, _: part(o[0], "radio")["valueCodeableConcept"]["coding"][0].update(code="well")),
    ("L6", lambda o, _: o[1]["effectivePeriod"].update(start="2026-11-20T09:00:00.000+01:00")),
    ("L6", lambda o, _: o[1].pop("valueCodeableConcept")),
    ("L7", lambda o, _: o[1]["valueCodeableConcept"]["coding"][0].update(code="nothing-measured")),
    ("L7", lambda o, _: o[2]["valueCodeableConcept"]["coding"][0].update(code="not-heard")),
    ("L7", lambda o, _: part(o[2], "overdue").update(valueBoolean=False)),
])  # fmt: skip
def test_a_broken_sign_of_life_is_found(bundles, rule, change):
    assert rule in {broken[0] for broken in spoil(change)(bundles["life-ordinary-day"])}


def test_the_clinics_page_shows_what_is_sent(bundles):
    """Every example on it is what the product writes today; page.py writes them anew."""
    shown = list(EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(shown) >= 9
    for found in shown:
        assert found["text"] == example(bundles, found["name"], found["index"]), found["name"]
    # Every kind of resource and every profile that a clinic can meet has its example.
    known = [entry["resource"] for text in bundles.values() for entry in json.loads(text)["entry"]]
    assert kinds_of(json.loads(found["text"]) for found in shown) == kinds_of(known)


def kinds_of(resources):
    return {(r["resourceType"], *r.get("meta", {}).get("profile", [])) for r in resources}


def answer(bundle):
    """The first code that answers a question."""
    return next(e["resource"] for e in bundle["entry"] if "CodedEnumeration" in str(e["resource"]["meta"]["profile"]))


@pytest.mark.parametrize(("rule", "change"), [
    ("O16", lambda o: o["valueCodeableConcept"]["coding"][0].update(code="8417872")),
    ("O16", lambda o: o["valueCodeableConcept"]["coding"].append(o["valueCodeableConcept"]["coding"][0])),
    ("O16", lambda o: o["valueCodeableConcept"]["coding"][0].update(display="MDC_CTXT_GLU_MEAL_FASTING")),
    ("O16", lambda o: o["valueCodeableConcept"].pop("text")),
    ("O16", lambda o: o.pop("derivedFrom")),
    ("O9", lambda o: o.update(valueString=o.pop("valueCodeableConcept")["text"])),
    ("O6", lambda o: o["code"]["coding"][0].update(code="8417846")),
    ("O4", lambda o: o["category"].append({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]})),
    ("O12", lambda o: o["identifier"][0].update(value=o["identifier"][0]["value"].replace("-8417844-", "-160196-"))),
])  # fmt: skip
def test_a_broken_answer_is_found(bundles, rule, change):
    bundle = load(bundles["glucose-context"])
    change(answer(bundle))
    assert rule in {broken[0] for broken in Check(bundle).broken}
