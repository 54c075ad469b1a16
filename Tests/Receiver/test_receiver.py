"""The receiver does what a clinic's server does, and fails as it is told."""

import copy
import http.client
import json
import pathlib

import pytest
from conftest import Receiver

EXAMPLES = pathlib.Path(__file__).parent / "examples"
PRESSURE = (EXAMPLES / "bp-status-no-clock.json").read_text(encoding="utf-8")
SPIROMETRY = (EXAMPLES / "spirometry-session.json").read_text(encoding="utf-8")


def test_created_then_matched(receiver):
    assert {e["response"]["status"] for e in receiver.post(PRESSURE)[1]["entry"]} == {"201 Created"}
    assert {e["response"]["status"] for e in receiver.post(PRESSURE)[1]["entry"]} == {"200 OK"}
    assert len(receiver.resources()) == 6
    assert receiver.call("GET", "/_counts")[1] | {"requests": 0, "connections": 0, "bytes": 0} == {
        "connections": 0, "requests": 0, "transactions": 2, "tokens": 0, "created": 6, "matched": 6, "updates": 0,
        "bytes": 0, "coded": 0,
    }  # fmt: skip


def test_an_update_replaces_what_is_there_and_keeps_what_was(receiver):
    receiver.post(PRESSURE)
    bundle = json.loads(PRESSURE)
    entry = bundle["entry"][3]
    was, condition = entry["resource"]["effectiveDateTime"], entry["request"].pop("ifNoneExist")
    entry["request"] |= {"method": "PUT", "url": f"Observation?{condition}"}
    entry["resource"]["effectiveDateTime"] = "2026-11-20T05:02:11.480+01:00"
    answer = receiver.post(json.dumps(bundle))[1]
    assert answer["entry"][3]["response"] == {"status": "200 OK", "location": "Observation/4/_history/2", "etag": 'W/"2"'}
    assert answer["entry"][2]["response"]["location"] == "Observation/3/_history/1"
    assert len(receiver.resources()) == 6
    assert receiver.call("GET", "/Observation/4")[1]["effectiveDateTime"] == "2026-11-20T05:02:11.480+01:00"
    assert [each["effectiveDateTime"] for each in receiver.call("GET", "/_former")[1]["resources"]] == [was]
    assert receiver.call("GET", f"/Observation?{condition}")[1]["total"] == 1


def test_references_become_ids_and_digits_stay(receiver):
    receiver.post(PRESSURE)
    status, found = receiver.call("GET", "/fhir/Observation?identifier=urn:ietf:rfc:3986%7Curn:uuid:0ae859a0-c0ac-5d18-9b7a-c4631ff88954")
    assert (status, found["total"]) == (200, 1)
    assert found["entry"][0]["resource"]["device"]["reference"] == "Device/2"
    raw = http.client.HTTPConnection(receiver.base.removeprefix("http://"))
    raw.request("GET", "/fhir/Observation/4")
    assert b'"value":71.0,' in raw.getresponse().read()
    assert b"urn:uuid:8bddd09d" not in json.dumps(receiver.resources()).encode()


def test_it_survives_a_kill(tmp_path):
    first = Receiver("--store", tmp_path / "store")
    first.post(PRESSURE)
    stored = first.resources()
    first.kill()
    second = Receiver("--store", tmp_path / "store")
    assert second.resources() == stored
    assert {e["response"]["status"] for e in second.post(PRESSURE)[1]["entry"]} == {"200 OK"}
    second.kill()


def test_nothing_is_stored_of_a_refused_transaction(receiver):
    bundle = json.loads(PRESSURE)
    del bundle["entry"][5]["resource"]["status"]
    status, outcome = receiver.post(json.dumps(bundle))
    assert (status, outcome["issue"][0]["expression"]) == (422, ["Bundle.entry[5].resource.status"])
    assert receiver.resources() == []


def test_a_condition_that_matches_two_is_412(receiver):
    bundle = json.loads(PRESSURE)
    bundle["entry"] = bundle["entry"][:1]
    other = copy.deepcopy(bundle)
    del other["entry"][0]["request"]["ifNoneExist"]
    receiver.post(json.dumps(other))
    receiver.post(json.dumps(other))
    status, outcome = receiver.post(PRESSURE)
    assert (status, outcome["issue"][0]["code"]) == (412, "multiple-matches")
    assert outcome["issue"][0]["expression"] == ["Bundle.entry[0].request.ifNoneExist"]


def test_conditional_references(receiver):
    status, outcome = receiver.post(SPIROMETRY)
    assert (status, outcome["issue"][0]["code"]) == (404, "not-found")
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:oid:2.999.1.2.3.4.5", "value": "tele-0042"}]}
    entry = {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000000", "resource": patient, "request": {"method": "POST", "url": "Patient"}}
    create = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    receiver.post(create)
    assert receiver.post(SPIROMETRY)[0] == 200
    assert receiver.resources()[3]["subject"] == {"reference": "Device/3"}
    assert receiver.resources()[4]["subject"] == {"reference": "Patient/1"}
    receiver.post(create)
    assert receiver.post(SPIROMETRY.replace("00005EFFFE0053C3-tele", "00005EFFFE0053C4-tele"))[0] == 412


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"resourceType":"Bundle"}', "[" * 100_000, '{"resourceType":"Bundle","type":"transaction","entry":[{}]}'])
def test_nonsense_is_400(receiver, broken):
    assert receiver.post(broken)[0] == 400
    assert receiver.post(PRESSURE)[0] == 200


def test_faults_come_as_often_as_told(receiver):
    receiver.fault("status", status=503, retryAfter="7", times=2)
    assert [receiver.post(PRESSURE)[0] for _ in range(3)] == [503, 503, 200]


def test_lost_is_stored_and_cut_is_not(receiver):
    for mode, count in (("cut-before", 0), ("cut-after", 0), ("lost", 6)):
        receiver.fault(mode)
        with pytest.raises((OSError, http.client.HTTPException)):
            receiver.post(PRESSURE)
        assert len(receiver.resources()) == count, mode


def test_half_an_answer(receiver):
    receiver.fault("half")
    with pytest.raises((OSError, http.client.HTTPException)):
        receiver.post(PRESSURE)
    assert len(receiver.resources()) == 6


def test_poison_is_named_unless_silent(receiver):
    receiver.fault("poison", identifier="7307c857")
    assert receiver.post(PRESSURE)[1]["issue"][0]["expression"] == ["Bundle.entry[5].resource"]
    receiver.call("DELETE", "/_fault")
    receiver.fault("poison", identifier="7307c857", silent=True)
    status, outcome = receiver.post(PRESSURE)
    assert status == 422 and "expression" not in outcome["issue"][0]
    receiver.call("DELETE", "/_fault")
    assert receiver.post(PRESSURE)[0] == 200
