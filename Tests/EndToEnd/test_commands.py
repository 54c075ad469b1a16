"""The command line: what it prints, and the exit codes of sysexits.h, beside a running daemon and without one."""

import json
import re
from datetime import datetime

import pytest
from conftest import eventually, measure, vitalsd
from far_ends import Air, Cuff, blood_pressure, nonin_format_13

VERBS = [
    "run", "demo", "status", "diagnose", "watch", "queue", "explain", "scan", "pair", "enrol", "bind", "unbind", "swap",
    "wipe", "audit", "report", "devices", "decode", "record", "replay", "version", "help"]
ADDRESS = "00:09:1F:00:00:01"


# MARK: decode


def value(quantity: str, number: str, unit: str) -> dict:
    return {"quantity": quantity, "value": number, "unit": unit}


def reading(driver: str, values=(), absent=(), taken=None, user=None, remarks=()) -> dict:
    return {
        "driver": driver, "values": list(values), "absent": list(absent), "taken": taken or {"kind": "now"},
        "sequence": None, "user": user, "remarks": list(remarks)}


def clock(time: str) -> dict:
    return {"kind": "clock", "value": time}


SFLOAT, FLOAT, TEMPERATURE = "MDC_ATTR_NU_VAL_OBS_BASIC", "MDC_ATTR_NU_VAL_OBS_SIMP", "MDC_TEMP_BODY"
SYSTOLIC, DIASTOLIC, MEAN = (f"MDC_PRESS_BLD_NONINV_{name}" for name in ("SYS", "DIA", "MEAN"))
PULSE = "MDC_PULS_RATE_NON_INV"


@pytest.mark.parametrize(
    "driver, endpoint, digits, said",
    [
        # 360 · 10^-1 keeps its zero, as the device sent it.
        ("primitives", "sfloat", "68F1", reading("primitives", [value(SFLOAT, "36.0", "1")])),
        ("primitives", "float", "680100FF", reading("primitives", [value(FLOAT, "36.0", "1")])),
        ("sig-htp", None, "00680100FF", reading("sig-htp", [value(TEMPERATURE, "36.0", "Cel")])),
        ("sig-htp", None, "01D00300FF", reading("sig-htp", [value(TEMPERATURE, "97.6", "[degF]")])),
        # FFFF is -1 · 10^-1 where it is an SFLOAT, and nothing at all where it is a weight.
        ("primitives", "sfloat", "FFFF", reading("primitives", [value(SFLOAT, "-0.1", "1")])),
        ("sig-wsp", "2A9D", "00FFFF",
         reading("sig-wsp", absent=[{"quantity": "MDC_MASS_BODY_ACTUAL", "reason": "error"}])),
        ("primitives", "sfloat", "FF07",
         reading("primitives", absent=[{"quantity": SFLOAT, "reason": "not-a-number"}])),
        ("primitives", "sfloat", "FE07",
         reading("primitives", absent=[{"quantity": SFLOAT, "reason": "positive-infinity"}])),
        ("primitives", "sfloat", "0208",
         reading("primitives", absent=[{"quantity": SFLOAT, "reason": "negative-infinity"}])),
        ("primitives", "float", "FFFF7F00",
         reading("primitives", absent=[{"quantity": FLOAT, "reason": "not-a-number"}])),
        ("primitives", "datetime", "E3070201081E3B", reading("primitives", taken=clock("2019-02-01T08:30:59"))),
        # 70.00 kg in steps of five grams.
        ("sig-wsp", "2A9D", "00B036", reading("sig-wsp", [value("MDC_MASS_BODY_ACTUAL", "70.000", "kg")])),
        ("and-ua651ble", None, "1E800052006100E707030A0B0C0D470001 0400",
         reading("and-ua651ble",
                 [value(SYSTOLIC, "128", "mm[Hg]"), value(DIASTOLIC, "82", "mm[Hg]"), value(MEAN, "97", "mm[Hg]"),
                  value(PULSE, "71", "/min")],
                 taken=clock("2023-03-10T11:12:13"), user=1, remarks=["irregular-pulse"])),
        ("sig-blp", "00002A35-0000-1000-8000-00805F9B34FB", "00FF07FF07FF07",
         reading("sig-blp", absent=[{"quantity": name, "reason": "not-a-number"} for name in (SYSTOLIC, DIASTOLIC, MEAN)])),
    ],
)
def test_decode_prints_the_decimal_exactly_as_sent(driver, endpoint, digits, said):
    words = ["decode", "--driver", driver] + (["--endpoint", endpoint] if endpoint else []) + [digits]
    answer = vitalsd(*words)
    assert (answer.returncode, answer.stderr) == (0, "")
    [line] = answer.stdout.splitlines()
    assert json.loads(line) == said
    # Numbers are text: no reader can make a binary fraction of them.
    assert line == json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def test_decode_takes_values_from_words_a_file_and_standard_input(tmp_path):
    values = ["68F1", "FFFF", "FF 07"]
    words = ["decode", "--driver", "primitives", "--endpoint", "sfloat"]
    (tmp_path / "values").write_text("\n".join(values) + "\n\n")
    answers = [vitalsd(*words, *values), vitalsd(*words, "--file", tmp_path / "values"),
               vitalsd(*words, "-", input="\r\n".join(values)), vitalsd(*words, "--file", "-", input="\n".join(values))]
    assert len(answers[0].stdout.splitlines()) == 3
    for answer in answers:
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, answers[0].stdout, "")


def test_decode_puts_a_stream_together():
    """Two frames of four bytes, in three words."""
    answer = vitalsd("decode", "--driver", "nonin-format-8", "8046", "61008047", "6200")
    numbers = [[v["value"] for v in json.loads(line)["values"]] for line in answer.stdout.splitlines()]
    assert numbers == [["97", "70"], ["98", "71"]]


def test_a_damaged_stream_loses_the_damaged_frames_and_says_how_much():
    """Garbage before, between and inside: of five frames of format 13 the one that is damaged is missing."""
    frames = [nonin_format_13(spo2, 70, datetime(2026, 3, 2)) for spo2 in (91, 92, 93, 94, 95)]
    damaged = frames[2][:9] + b"\xff\x00" + frames[2][9:]
    stream = b"\x02\xf2" + frames[0] + frames[1] + b"\x00\x02\x00" + damaged + frames[3] + frames[4]
    answer = vitalsd("decode", "--driver", "nonin-format-13", stream.hex())
    values = [json.loads(line)["values"][0]["value"] for line in answer.stdout.splitlines()]
    assert (answer.returncode, values) == (65, ["91", "92", "94", "95"])
    assert answer.stderr.strip().endswith(f"; {2 + 3 + len(damaged)} bytes in 2 places belong to no frame")


@pytest.mark.parametrize(
    "words, said",
    [
        (["sig-blp", "--endpoint", "2A35", "16"], "byte 1: expected 2 more bytes, got 0"),
        (["sig-blp", "--endpoint", "2A35", "F67800"], "byte 0: expected reserved bits to be 0, got e0"),
        (["primitives", "--endpoint", "sfloat", "68F100"], "byte 2: expected 2 bytes in all, got 3"),
        (["primitives", "--endpoint", "sfloat", "68"], "byte 0: expected 2 more bytes, got 1"),
        (["primitives", "--endpoint", "sfloat", "68F"], "byte 1: expected two hexadecimal digits"),
        (["primitives", "--endpoint", "sfloat", "6G"], "byte 0: expected two hexadecimal digits"),
        (["primitives", "--endpoint", "sfloat", "6801Ü"], "byte 2: expected two hexadecimal digits"),
        (["nonin-format-13", nonin_format_13(97, 71, datetime(2026, 3, 2)).hex()[:-4] + "4203"], "byte 20: expected checksum"),
        (["nonin-format-8", "80466100", "00466100"], "byte 4: expected a flag byte with bit 7 set"),
        (["nonin-format-8", "80466100", "8046"], "byte 6: expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)
def test_malformed_bytes_name_the_byte(words, said):
    answer = vitalsd("decode", "--driver", *words)
    assert answer.returncode == 65
    [line] = answer.stderr.splitlines()
    assert line.startswith(f"vitalsd decode: {said}")


# MARK: misuse


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["bogus"], 64, "no verb bogus"),
        (["stauts"], 64, "the nearest is status"),
        (["version", "x"], 64, "unexpected x"),
        (["status", "--jsno"], 64, "unknown option --jsno"),
        (["status", "--configuration"], 64, "--configuration wants a value"),
        (["run", "now"], 64, "unexpected now"),
        (["queue", "purge"], 64, "unexpected purge"),
        (["queue", "retry"], 64, "retry wants reading numbers"),
        (["queue", "retry", "one"], 64, "retry wants reading numbers"),
        (["bind"], 64, "expected one Bluetooth address"),
        (["bind", "cuff"], 64, "expected one Bluetooth address"),
        (["bind", ADDRESS, ADDRESS], 64, "expected one Bluetooth address"),
        (["bind", ADDRESS, "--user", "300"], 64, "--user wants a number"),
        (["bind", ADDRESS, "--patient", "4711"], 64, "--patient wants Patient/"),
        (["bind", ADDRESS, "--patient", "Patient/a\tb"], 64, "--patient wants Patient/"),
        (["unbind"], 64, "expected one Bluetooth address"),
        (["swap", ADDRESS], 64, "expected the Bluetooth addresses of two devices"),
        (["swap", ADDRESS, ADDRESS], 64, "expected the Bluetooth addresses of two devices"),
        (["devices", "x"], 64, "unexpected x"),
        (["help", "bogus"], 64, "no verb bogus"),
        (["decode"], 64, "--driver is missing"),
        (["decode", "--driver", "sig-bpl", "00"], 64, "the nearest is sig-b"),
        (["decode", "--driver", "sig-blp", "00"], 64, "--endpoint is missing; sig-blp has 2A35, 2A36"),
        (["decode", "--driver", "sig-blp", "--endpoint", "2A37", "00"], 64, "has no endpoint 2A37"),
        (["decode", "--driver", "sig-htp"], 64, "no bytes are given"),
        (["decode", "--driver", "sig-htp", "--file", "/nonexistent"], 66, "/nonexistent"),
        (["replay"], 64, "no capture is named"),
        (["replay", "/nonexistent"], 66, "/nonexistent"),
        (["replay", "/dev/null"], 65, "/dev/null"),
        (["status", "--configuration", "/nonexistent"], 78, "/nonexistent"),
        (["status", "--configuration", "/dev/null"], 78, "URL= is missing"),
        (["run", "--configuration", "/nonexistent"], 78, "/nonexistent"),
        (["run", "--configuration", "/dev/null"], 78, "URL= is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_ends_with_its_code_and_one_line(words, code, said):
    answer = vitalsd(*words)
    assert answer.returncode == code
    assert answer.stdout == ""
    [line] = answer.stderr.splitlines()
    assert said in line


def test_an_unknown_key_is_refused_with_its_place_and_the_nearest(home):
    home.add("[Journal]\nMaximumSise=1G")
    number = len(home.file.read_text().splitlines())
    said = f"{home.file}:{number}: unknown key MaximumSise in [Journal]; the nearest is MaximumSize= in [Journal]"
    for verb in ("run", "status", "queue"):
        answer = home.run(verb)
        assert answer.returncode == 78 and said in answer.stderr


def test_a_drop_in_is_read_and_its_mistakes_are_its_own(home, tmp_path):
    (tmp_path / "conf.d").mkdir()
    drop_in = tmp_path / "conf.d" / "10-lines.conf"
    drop_in.write_text("[Serial]\nLines=relative\n")
    answer = home.run("run")
    assert answer.returncode == 78
    assert f"{drop_in}:2: Lines takes absolute paths" in answer.stderr
    (tmp_path / "conf.d" / "10-lines.conf").rename(tmp_path / "conf.d" / "10-lines.conf.bak")
    home.start()
    eventually(lambda: home.status().get("running"))


def test_a_clinic_in_clear_text_is_refused(home):
    home.set("URL", "http://clinic.example/")
    answer = home.run("run")
    assert answer.returncode == 78 and "URL takes an https:// URL" in answer.stderr


# MARK: help and devices


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb):
    answers = [vitalsd("help", verb), vitalsd(verb, "--help")]
    for answer in answers:
        assert (answer.returncode, answer.stderr) == (0, "")
        assert answer.stdout.startswith(f"usage: vitalsd {verb}")
    assert answers[0].stdout == answers[1].stdout
    assert len(answers[0].stdout.splitlines()) >= 5


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_help_lists_every_verb(words):
    answer = vitalsd(*words)
    assert answer.returncode == 0
    starts = [line.split()[0] for line in answer.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert starts == VERBS


def test_the_version_is_a_version_and_nothing_else():
    assert vitalsd("version").stdout == vitalsd("--version").stdout
    assert all(part.isdigit() for part in vitalsd("version").stdout.strip().split("."))


def test_devices_as_json_and_as_a_table():
    devices = [json.loads(line) for line in vitalsd("devices", "--json").stdout.splitlines()]
    for device in devices:
        assert set(device) >= {"id", "model", "kind", "transports", "evidence", "claims", "endpoints"}
        assert device["evidence"] in ("captured", "specification")
        assert set(device["transports"]) <= {"bluetooth-le", "advertisement", "bluetooth-classic", "serial"} and device["transports"]
        assert device["claims"] and device["endpoints"]
    ids = [device["id"] for device in devices]
    assert len(ids) == len(set(ids)) and ids == sorted(ids)
    assert {"and-ua651ble", "nonin-format-13", "nonin-format-8", "contec-cms50d-plus"} <= set(ids)
    table = vitalsd("devices").stdout
    assert all(f"`{name}`" in table for name in ids)
    # What is listed is what decode takes.
    for device in devices:
        for endpoint in device["endpoints"]:
            answer = vitalsd("decode", "--driver", device["id"], "--endpoint", endpoint, "00")
            assert answer.returncode in (0, 65)


# MARK: status, queue, bind


def test_without_a_journal_there_is_nothing_to_look_at(home):
    for words in (["status"], ["status", "--json"], ["queue"]):
        answer = home.run(*words)
        assert answer.returncode != 0 and "there is no journal" in answer.stderr and answer.stdout == ""
    assert not home.state.exists()


def test_status_and_queue_beside_a_daemon_and_without_one(home, clinic, cuff):
    clinic.stop()
    home.start()
    measure(cuff, 120, 121)
    eventually(lambda: not cuff.memory)
    eventually(lambda: (home.status()["daemon"] or {}).get("fault"))
    status = home.status()
    assert status["running"] is True and status["pending"] == 2 and status["oldestPending"].startswith("20")
    assert status["daemon"]["fault"].startswith("network: ") and status["daemon"]["delivered"] == 0
    assert status["daemon"]["version"] == vitalsd("version").stdout.strip()
    text = home.ask("status")
    assert "running" in text and "2 pending" in text and "waits since" in text
    beside = home.queue()
    assert [row["state"] for row in beside] == ["pending"] * 2
    assert all(set(row) >= {"id", "state", "driver", "heard", "fault"} for row in beside)
    home.stop()
    without = home.status()
    assert without["running"] is False and without["daemon"] is None and without["pending"] == 2
    assert home.queue() == beside
    assert "not running" in home.ask("status")
    # Neither values nor persons.
    for text in (home.ask("status"), home.ask("queue"), home.log):
        # Where the test's folder lies, and how far off the cuff's clock is, may have any digits.
        bare = re.sub(r"\d{6,} s", "", text.replace(str(home.folder), ""))
        assert "4711" not in bare and "121" not in bare


def test_binding_beside_a_running_daemon(home, clinic, tmp_path):
    cuff = Cuff(ADDRESS)
    air = Air(str(tmp_path / "air"), [cuff])
    measure(cuff, 120)
    home.start()
    eventually(lambda: "bound to nobody; left alone" in home.log)
    assert cuff.memory
    answer = home.run("bind", ADDRESS, "--patient", "Patient/somebody", "--with-memory")
    assert (answer.returncode, answer.stdout) == (0, "bound\n")
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    assert {o["subject"]["reference"] for o in clinic.observations() if "150020" in str(o["code"])} == {"Patient/somebody"}
    assert home.run("unbind", ADDRESS).stdout == "unbound\n"
    visits = cuff.visits
    measure(cuff, 121)
    air_has_been_heard(home, cuff, air)
    assert cuff.visits == visits and len(cuff.memory) == 1
    assert home.run("bind", ADDRESS, "--with-memory").stdout == "bound\n"
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80)])
    last = [o for o in clinic.observations() if "150020" in str(o["code"])][-1]
    assert last["subject"]["reference"] == "Patient/pt-4711"
    air.close()


def test_a_device_is_swapped_for_another(home, clinic, tmp_path):
    old, new = Cuff(ADDRESS), Cuff("00:09:1F:00:00:44")
    air = Air(str(tmp_path / "air"), [old, new])
    measure(old, 120)
    home.start()
    eventually(lambda: "bound to nobody; left alone" in home.log)
    assert home.run("bind", ADDRESS, "--patient", "Patient/somebody", "--with-memory").stdout == "bound\n"
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    assert home.run("swap", ADDRESS, new.address, "--with-memory").stdout == "swapped\n"
    measure(old, 121)
    measure(new, 122)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (122, 80)])
    air_has_been_heard(home, old, air)
    assert len(old.memory) == 1
    assert {o["subject"]["reference"] for o in clinic.observations() if "150020" in str(o["code"])} == {"Patient/somebody"}
    again = home.run("swap", ADDRESS, new.address)
    assert (again.returncode, again.stdout) == (0, "swapped\n")
    never = home.run("swap", ADDRESS, "00:09:1F:00:00:55")
    assert never.returncode == 69 and "the device is bound to nobody" in never.stderr
    home.run("bind", ADDRESS, "--patient", "Patient/another")
    other = home.run("swap", ADDRESS, new.address)
    assert other.returncode == 69 and "the device is bound to somebody else" in other.stderr
    air.close()


def air_has_been_heard(home, cuff, air) -> None:
    """Many advertisements have gone by: one of another cuff, sent after them, has been acted upon."""
    other = Cuff("00:09:1F:00:00:09")
    measure(other, 199)
    air.cuffs[other.address] = other
    eventually(lambda: f"{other.address} is bound to nobody" in home.log)


def test_binding_without_a_daemon(home, clinic, tmp_path):
    assert home.run("bind", ADDRESS).stdout == "bound\n"
    assert home.run("unbind", ADDRESS).stdout == "unbound\n"
    assert home.run("bind", ADDRESS, "--user", "1", "--patient", "Patient/one", "--with-memory").stdout == "bound\n"
    assert home.run("bind", ADDRESS, "--user", "2", "--patient", "Patient/two", "--with-memory").stdout == "bound\n"
    cuff = Cuff(ADDRESS)
    for user, systolic in [(1, 121), (2, 122), (3, 123)]:
        plain = blood_pressure(systolic, 80, 60, datetime(2019, 2, 1, 8, user, 0))
        # User slot after the pulse: flag bit 3.
        cuff.memory.append(bytes([plain[0] | 8]) + plain[1:-2] + bytes([user]) + plain[-2:])
    air = Air(str(tmp_path / "air"), [cuff])
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(121, 80), (122, 80)])
    eventually(lambda: len(cuff.acknowledged) == 3)
    panels = [o for o in clinic.observations() if "150020" in str(o["code"])]
    assert [o["subject"]["reference"] for o in panels] == ["Patient/one", "Patient/two"]
    # Nobody said who the third is: kept, and told to nobody.
    assert home.status()["unassigned"] == 1
    assert [row["state"] for row in home.queue()] == ["unassigned"]
    # Until somebody does.
    third = str(home.queue()[0]["id"])
    assert home.run("queue", "assign", third).returncode == 64
    assert home.run("queue", "assign", third, "--patient", "Patient/three").stdout == "1 assigned\n"
    eventually(lambda: clinic.blood_pressures() == [(121, 80), (122, 80), (123, 80)])
    panels = [o for o in clinic.observations() if "150020" in str(o["code"])]
    assert panels[-1]["subject"]["reference"] == "Patient/three"
    # Whom a reading is about is said once.
    assert home.run("queue", "assign", third, "--patient", "Patient/other").stdout == "0 assigned\n"
    air.close()


def test_binding_wants_a_person(home):
    home.set("Reference", None)
    answer = home.run("bind", ADDRESS)
    assert answer.returncode == 64 and "--patient is missing" in answer.stderr


def test_a_retry_of_what_is_not_there(home, clinic):
    home.start()
    eventually(lambda: home.status().get("running"))
    answer = home.run("queue", "retry", "4711")
    assert (answer.returncode, answer.stdout) == (0, "0 will be sent again\n")


# MARK: scan, pair, wipe


def test_scanning_shows_who_is_near_and_reads_nobody(home, clinic, tmp_path):
    cuff, stranger = Cuff(ADDRESS), Cuff("00:09:1F:00:00:02")
    air = Air(str(tmp_path / "air"), [cuff, stranger])
    measure(cuff, 120)
    measure(stranger, 121)
    assert home.run("scan").returncode == 69
    home.run("bind", ADDRESS, "--with-memory")
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    # Only a device with something to say is in the air, and the stranger still has.
    answer = home.run("scan", "--seconds", "1", "--json")
    assert answer.returncode == 0, answer.stderr
    heard = {device["address"]: device for device in map(json.loads, answer.stdout.splitlines())}
    assert heard[stranger.address]["driver"] == "and-ua651ble" and heard[stranger.address]["bound"] is False
    assert stranger.visits == 0
    text = home.ask("scan", "--seconds", "1")
    assert stranger.address in text and "UA-651BLE" in text and "bound" not in text
    assert home.run("scan", "--seconds", "none").returncode == 64
    air.close()


def test_pairing_says_what_it_lacks(home, clinic, tmp_path):
    assert home.run("pair", ADDRESS).returncode == 69
    for words in (["--passkey", "1234567"], ["--pin", ""], ["--consent", "12"], ["--consent", "10000", "--user", "1"]):
        assert home.run("pair", ADDRESS, *words).returncode == 64, words
    cuff = Cuff(ADDRESS)
    air = Air(str(tmp_path / "air"), [cuff])
    measure(cuff, 120)
    home.start()
    eventually(lambda: home.status().get("running"))
    answer = home.run("pair", ADDRESS)
    # A simulated air has no keys to give.
    assert answer.returncode == 69 and "looking for" in answer.stdout and "is near" in answer.stdout
    assert answer.stderr.startswith("vitalsd: hub: there is no Bluetooth adapter")
    assert cuff.visits == 0 and home.queue() == []
    air.close()


@pytest.mark.parametrize("running", [True, False])
def test_a_kit_that_goes_back_has_nothing_of_the_citizen(home, clinic, cuff, running):
    clinic.stop()
    home.start()
    measure(cuff, 147)
    eventually(lambda: not cuff.memory)
    refused = home.run("wipe", "--everything")
    assert refused.returncode == 69 and "1 readings are not at the clinic" in refused.stderr
    clinic.start()
    eventually(lambda: clinic.blood_pressures() == [(147, 80)])
    eventually(lambda: home.status()["pending"] == 0 if "pending" in home.status() else True)
    if not running:
        home.stop()
    assert home.run("wipe").returncode == 64
    answer = home.run("unbind", ADDRESS, "--wipe") if running else home.run("wipe", "--everything")
    # The configuration still says whose the kit is, which is told.
    assert answer.returncode == (0 if running else 75), answer.stderr
    assert answer.stdout.startswith("wiped: 1 readings, 1 devices, 1 bindings\n")
    left = b"".join(path.read_bytes() for path in sorted(home.state.iterdir()) if path.is_file())
    # Digits alone stand in the hub's own moments by chance.
    for trace in (b"pt-4711", ADDRESS.encode(), b"systolic"):
        assert trace not in left, trace
    again = home.run("wipe", "--everything")
    assert again.returncode == 75 and again.stdout.startswith("wiped: 0 readings, 0 devices, 0 bindings\n")


def test_a_device_that_breaks_its_protocol_is_asked_less_and_less(home, clinic, cuff):
    home.start()
    healthy = cuff.answer
    # An answer to the first question that is one byte too short.
    cuff.answer = lambda pdu: b"\x03\x01"
    measure(cuff, 131)
    eventually(lambda: cuff.visits >= 3)
    # Said for the first and the second failure, not for each.
    assert home.log.count("break its protocol") == 2
    # And heard again as soon as it behaves.
    cuff.answer = healthy
    eventually(lambda: clinic.blood_pressures() == [(131, 80)])
