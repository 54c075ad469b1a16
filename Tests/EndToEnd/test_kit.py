"""A kit's life: set up, changed and taken back, by hand and by scripts; who did it; and that nothing of the citizen is left."""

import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import time
from datetime import timedelta

import pytest

from conftest import VITALSD, eventually, for_everybody, measure
from far_ends import Air, Cuff, blood_pressure
from test_time import HubClock

ADDRESS, OTHER = "00:09:1F:00:00:01", "00:09:1F:00:00:02"


@pytest.fixture
def tmp_path(open_path):
    return open_path


def run(home, *words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [VITALSD, *words, "--configuration", home.file], capture_output=True, text=True, timeout=timeout,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment})


def audit(home) -> list[dict]:
    return [json.loads(line) for line in home.ask("audit", "--json").splitlines()]


# MARK: what the daemon is asked to do


def test_a_daemon_that_takes_its_time_is_waited_for_and_not_taken_for_another(home, clinic):
    home.start()
    eventually(lambda: home.status().get("running"))

    def asked() -> subprocess.Popen:
        """While the daemon does nothing at all, for longer than a question about its state would wait."""
        home.process.send_signal(signal.SIGSTOP)
        act = subprocess.Popen([VITALSD, "bind", ADDRESS, "--configuration", home.file], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        with pytest.raises(subprocess.TimeoutExpired):
            act.wait(7)
        return act

    act = asked()
    home.process.send_signal(signal.SIGCONT)
    assert act.communicate(timeout=60) == ("bound\n", "") and act.returncode == 0
    # One that ends meanwhile may have done it. It can be asked for again, as the command says.
    act = asked()
    home.kill()
    output, complaint = act.communicate(timeout=60)
    assert act.returncode == 75 and output == "" and "has not answered yet" in complaint
    assert "another vitalsd" not in complaint
    assert run(home, "bind", ADDRESS).stdout == "bound\n"


def test_a_daemon_that_says_nothing_is_not_taken_for_none(home, clinic):
    home.start()
    eventually(lambda: home.status().get("running"))
    home.process.send_signal(signal.SIGSTOP)
    assert json.loads(run(home, "status", "--json").stdout)["running"]
    assert "[hub.daemon-slow]" in run(home, "status").stdout
    verdict = run(home, "diagnose").stdout
    assert "hub.daemon-slow" in verdict and "hub.not-running" not in verdict
    # What wants the radio, or a visit, asks that daemon, and not another one of its own.
    asked = [subprocess.Popen([VITALSD, *words, "--configuration", home.file], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
             for words in (["scan"], ["record", ADDRESS, home.state / "capture"])]
    for command in asked:
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(7)
    # One that ends meanwhile has not found that nobody is near.
    home.kill()
    for command in asked:
        assert "has not answered yet" in command.communicate(timeout=60)[1] and command.returncode == 69


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for somebody else")
@pytest.mark.parametrize("before", [None, b"no journal at all" * 1000], ids=["none", "damaged"])
def test_what_root_asks_for_is_the_services_own(home, clinic, before):
    """A journal of root's own would keep the service from starting."""
    home.state.mkdir(exist_ok=True)
    if before:
        (home.state / "journal").write_bytes(before)
        os.chown(home.state / "journal", 65534, 65534)
    os.chown(home.state, 65534, 65534)
    assert run(home, "bind", ADDRESS).stdout == "bound\n"
    assert {path.stat().st_uid for path in home.state.iterdir()} == {65534}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another")
def test_who_may_not_look_in_is_told_so(home, clinic):
    """And not that no daemon runs."""
    home.start()
    eventually(lambda: home.status().get("running"))
    home.file.chmod(0o644)
    home.state.chmod(0o700)
    for words in ["scan"], ["pair", ADDRESS], ["status"], ["report", "none.tar.gz"]:
        answer = subprocess.run([for_everybody(), *words, "--configuration", home.file], capture_output=True, text=True,
                                user=65534, cwd="/", timeout=60)
        assert answer.returncode == 77 and "use sudo" in answer.stderr, (words, answer)


# MARK: who did what


@pytest.mark.parametrize("running", [True, False])
def test_what_was_done_is_known_and_by_whom(home, clinic, running):
    if running:
        home.start()
        eventually(lambda: home.status().get("running"))
    run(home, "bind", ADDRESS, SUDO_USER="kirsten")
    run(home, "swap", ADDRESS, OTHER, SUDO_USER="kirsten")
    run(home, "unbind", OTHER)
    # A name that would steer a terminal is none.
    run(home, "unbind", OTHER, SUDO_USER="a\tb\x1b[2J")
    refused = run(home, "swap", "00:09:1F:00:00:77", OTHER)
    assert refused.returncode == 69
    seen = [(e["sudoer"], e["action"], e["device"], e["successor"], e["outcome"]) for e in audit(home)]
    assert seen == [
        ("kirsten", "bind", ADDRESS, None, "done"),
        ("kirsten", "swap", ADDRESS, OTHER, "done"),
        (None, "unbind", OTHER, None, "done"),
        (None, "unbind", OTHER, None, "done"),
        (None, "swap", "00:09:1F:00:00:77", OTHER, "pairing.not-bound"),
    ]
    assert {e["user"] for e in audit(home)} == {os.getuid()}
    text = home.ask("audit")
    assert "kirsten" in text and "\x1b" not in text and "4711" not in text


def test_looking_and_the_queue_are_acts_too(home, clinic, cuff):
    home.start()
    eventually(lambda: home.status().get("running"))
    run(home, "scan", "--seconds", "1")
    run(home, "queue", "retry", "1", "--json")
    assert [e["action"] for e in audit(home)] == ["bind", "scan", "retry"]


def test_after_the_wiping_of_a_kit_only_the_wiping_is_known(home, clinic):
    run(home, "bind", ADDRESS)
    run(home, "unbind", ADDRESS)
    assert len(audit(home)) == 2
    run(home, "wipe", "--everything", SUDO_USER="kirsten")
    [event] = audit(home)
    assert (event["action"], event["sudoer"], event["device"], event["outcome"]) == ("wipe", "kirsten", None, "done")


# MARK: twice is once, and for programs


@pytest.mark.parametrize("running", [True, False])
def test_each_act_done_twice_is_done_once_and_says_so_to_programs(home, clinic, running):
    if running:
        home.start()
        eventually(lambda: home.status().get("running"))
    acts = {
        ("bind", ADDRESS): {"action": "bind", "device": ADDRESS, "outcome": "bound"},
        ("swap", ADDRESS, OTHER): {"action": "swap", "device": ADDRESS, "successor": OTHER, "outcome": "swapped"},
        ("unbind", OTHER): {"action": "unbind", "device": OTHER, "outcome": "unbound"},
        ("queue", "retry", "1"): {"action": "retry", "device": None, "outcome": "retried", "readings": 0},
        ("queue", "assign", "1", "--patient", "Patient/a"):
            {"action": "assign", "device": None, "outcome": "assigned", "readings": 0},
    }
    for words, expected in acts.items():
        for _ in range(2):
            answer = run(home, *words, "--json")
            assert answer.returncode == 0 and json.loads(answer.stdout) == expected, answer
    refused = run(home, "swap", "00:09:1F:00:00:77", OTHER, "--json")
    assert refused.returncode == 69
    assert json.loads(refused.stdout) == {
        "layer": "pairing", "fault": "the device is bound to nobody", "remedy": "bind it", "code": "pairing.not-bound"}


# MARK: what is left


def traces(home, *needles: str) -> list[str]:
    """With other eyes: what of them stands in any file of the state directory, as text or as an address's bytes."""
    found = []
    for path in home.state.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for needle in needles:
            forms = [needle.encode(), needle.lower().encode()]
            if re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", needle):
                octets = bytes.fromhex(needle.replace(":", ""))
                forms += [octets, octets[::-1], needle.replace(":", "-").encode(), needle.replace(":", "").encode()]
            found += [f"{needle} in {path.name}" for form in forms if form in content]
    return found


class SerialCuff(Cuff):
    """One that says its serial number (2A25) and its System ID (2A23)."""

    def __init__(self, address: str, serial: str):
        super().__init__(address, name="A&D_UA-651BLE_" + serial)
        self.attributes |= {
            7: (0x2800, b"\x0a\x18"),
            8: (0x2803, b"\x02\x09\x00\x25\x2a"),
            9: (0x2A25, serial.encode()),
        }


def kit(home, clinic, tmp_path, destinations: int = 1) -> list:
    """A household of two devices and two persons that has measured and delivered, to the first of its clinics at least."""
    cuffs = [SerialCuff(ADDRESS, "5170912345"), SerialCuff(OTHER, "5170998765")]
    air = Air(str(tmp_path / "air"), cuffs)
    run(home, "bind", ADDRESS, "--with-memory")
    run(home, "bind", OTHER, "--patient", "Patient/somebody-else", "--with-memory")
    home.start()
    measure(cuffs[0], 147, 148)
    measure(cuffs[1], 151, 152)
    eventually(lambda: len(clinic.blood_pressures()) == 4)
    if destinations == 1:
        eventually(lambda: home.queue() == [])
    return [air, *cuffs]


PLANTED = (ADDRESS, OTHER, "pt-4711", "somebody-else", "5170912345", "5170998765", "systolic 147")


@pytest.mark.parametrize("running", [True, False])
def test_a_wiped_kit_has_nothing_of_the_citizen_and_proves_it(home, clinic, tmp_path, running):
    air, *_ = kit(home, clinic, tmp_path)
    assert len(traces(home, *PLANTED)) >= len(PLANTED) - 1
    if not running:
        home.stop()
    air.close()
    # While the configuration names the person, the proof fails, and says what to do.
    answer = run(home, "wipe", "--everything", "--json")
    assert answer.returncode == 75, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["readings"], told["devices"], told["bindings"]) == (4, 2, 2)
    assert told["proof"]["sought"]["person"] == 2 and told["proof"]["sought"]["address"] == 2
    assert told["proof"]["sought"]["serial"] >= 2 and told["proof"]["sought"]["reading"] == 4
    assert told["proof"]["clean"] is False
    assert told["proof"]["left"] == [{"place": str(home.file), "kind": "person", "count": 1}]
    assert traces(home, *PLANTED) == []
    text = run(home, "wipe", "--everything", "--lang", "da")
    assert text.returncode == 75 and "TILBAGE: 1 person" in text.stdout and "tøm [Patient]" in text.stdout
    assert "4711" not in text.stdout
    home.set("Reference", None)
    if running:
        home.reload()
    clean = run(home, "wipe", "--everything")
    assert clean.returncode == 0 and "wiped: 0 readings, 0 devices, 0 bindings" in clean.stdout
    assert traces(home, *PLANTED) == []


@pytest.mark.parametrize("running", [True, False])
def test_one_device_goes_and_the_other_stays(home, clinic, tmp_path, running):
    air, *_ = kit(home, clinic, tmp_path)
    if not running:
        home.stop()
    air.close()
    answer = run(home, "unbind", OTHER, "--wipe")
    assert answer.returncode == 0, answer.stdout
    assert "wiped: 2 readings, 1 devices, 1 bindings" in answer.stdout and "nothing of them is left" in answer.stdout
    assert traces(home, OTHER, "5170998765") == []
    assert traces(home, ADDRESS, "5170912345") != []


def test_what_is_left_is_found(home, clinic, tmp_path):
    air, *_ = kit(home, clinic, tmp_path)
    home.stop()
    air.close()
    # A copy that somebody made, and what the system's log has.
    (home.state / "copy").mkdir()
    (home.state / "copy" / "old").write_bytes(b"x" * (1 << 20) + bytes.fromhex("00091f000002")[::-1] + b"y")
    journalctl = tmp_path / "bin" / "journalctl"
    journalctl.parent.mkdir()
    journalctl.write_text(f"#!/bin/sh\necho 'device: silent [{OTHER}]'\n")
    journalctl.chmod(0o755)
    path = f"{journalctl.parent}:{os.environ['PATH']}"
    answer = run(home, "unbind", OTHER, "--wipe", "--json", PATH=path)
    assert answer.returncode == 75
    assert json.loads(answer.stdout)["proof"]["left"] == [
        {"place": str(home.state / "copy" / "old"), "kind": "address", "count": 1},
        {"place": "log", "kind": "address", "count": 1}]


def journalctl(tmp_path, script: str) -> str:
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def test_a_log_that_cannot_be_read_is_not_clean(home, clinic, tmp_path):
    air, *_ = kit(home, clinic, tmp_path)
    air.close()
    answer = run(home, "unbind", OTHER, "--wipe", PATH=journalctl(tmp_path, "echo 'insufficient permissions' >&2; exit 1"))
    assert answer.returncode == 75 and "nothing of them is left" not in answer.stdout
    assert "NOT LOOKED AT: the system's log" in answer.stdout


def test_what_sudo_wrote_down_of_a_person_is_found(home, clinic, tmp_path):
    """Of its own commands each names a person; of another's nothing is vitalsd's."""
    air, *_ = kit(home, clinic, tmp_path)
    air.close()
    home.set("Reference", None)
    home.reload()
    said = "Nov 30 hub sudo[7]: kirsten : TTY=pts/0 ; USER=root ; COMMAND=/usr/bin/vitalsd bind 00:09:1F:00:00:09 --patient Patient/"
    path = journalctl(tmp_path, f"[ $1 = _COMM=sudo ] && echo '{said}pt-4711'; exit 0")
    answer = run(home, "wipe", "--everything", "--undelivered", "--json", PATH=path)
    assert answer.returncode == 75, answer
    assert json.loads(answer.stdout)["proof"]["left"] == [{"place": "log", "kind": "person", "count": 1}]


# MARK: pairing guides


def test_pairing_says_which_button_in_both_languages(home, clinic, tmp_path):
    cuff = Cuff(ADDRESS)
    cuff.is_on = True
    air = Air(str(tmp_path / "air"), [cuff])
    home.start()
    eventually(lambda: home.status().get("running"))
    # A simulated air has no keys to give, so it ends there.
    english, danish = run(home, "pair", ADDRESS), run(home, "pair", ADDRESS, "--lang", "da")
    assert english.returncode == danish.returncode == 69
    assert "Hold START down until Pr shows." in english.stdout
    assert "Hold START nede, til der står Pr." in danish.stdout
    told = [json.loads(line) for line in run(home, "pair", ADDRESS, "--json").stdout.splitlines()]
    assert [step.get("step") for step in told] == ["looking", "guide", "near", None]
    assert told[1]["pairing"] == "hold-start" and told[2]["model"] == "UA-651BLE"
    assert told[3]["layer"] == "hub"
    # Where the model is named, it is said before the device is heard.
    named = run(home, "pair", ADDRESS, "--model", "omron-sig")
    assert named.stdout.index("Hold the Bluetooth button") < named.stdout.index("looking for")
    assert run(home, "pair", ADDRESS, "--model", "omron").returncode == 64
    assert [e["outcome"] for e in audit(home)] == ["hub.no-radio"] * 4
    air.close()


def test_what_was_mistyped_and_what_is_bound_by_now_hides_no_other_fault(home, clinic):
    run(home, "bind", ADDRESS)
    with sqlite3.connect(home.state / "journal") as journal:
        for device, outcome in (ADDRESS, "pairing.rejected"), (OTHER, "pairing.not-in-pairing-mode"):
            journal.execute(
                "INSERT INTO audit (recorded, user, action, device, successor, outcome) VALUES (?, 0, 'pair', ?, '', ?)",
                (time.time_ns() // 1_000_000, f"bluetooth:{device}", outcome))
    findings = json.loads(run(home, "diagnose", "--json").stdout)["findings"]
    assert [(each["level"], each["code"]) for each in findings if each["part"] == "pairing"] == [
        ("ok", None), ("warning", "pairing.not-in-pairing-mode")]


class Terminal:
    """A command in conversation."""

    def __init__(self, home, *words: str):
        self.master, self.slave = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [VITALSD, *words, "--configuration", home.file], stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env={**os.environ, "LC_ALL": "C.UTF-8"})

    def reads(self, text: str) -> bool:
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65536).decode()
        return text in self.seen

    def answer(self, question: str, text: str) -> None:
        eventually(lambda: self.reads(question))
        os.write(self.master, text.encode() + b"\n")

    def end(self) -> int:
        code = self.process.wait(60)
        self.reads("")
        for end in (self.master, self.slave):
            os.close(end)
        return code


def test_pairing_in_conversation(home, clinic, tmp_path):
    cuff = Cuff(ADDRESS)
    cuff.is_on = True
    air = Air(str(tmp_path / "air"), [cuff])
    home.start()
    eventually(lambda: home.status().get("running"))
    # In a script there is nobody to ask.
    assert run(home, "pair").returncode == 64
    terminal = Terminal(home, "pair")
    terminal.answer("Which one?", "1")
    eventually(lambda: terminal.reads("Press Enter when it is ready."))
    assert f"1  {ADDRESS}" in terminal.seen and "; pairing" not in terminal.seen
    terminal.answer("Press Enter", "")
    eventually(lambda: terminal.reads("is near; pairing"))
    assert terminal.end() == 69
    air.close()


def test_a_kit_is_set_up_and_taken_back_in_conversation(home, clinic, tmp_path):
    cuffs = [Cuff(ADDRESS), Cuff(OTHER)]
    cuffs[0].is_on = True
    air = Air(str(tmp_path / "air"), cuffs)
    home.start()
    eventually(lambda: home.status().get("running"))
    terminal = Terminal(home, "bind")
    terminal.answer("Which one?", "1")
    assert terminal.end() == 0 and terminal.seen.endswith("bound\r\n")
    cuffs[0].is_on, cuffs[1].is_on = False, True
    terminal = Terminal(home, "swap", "--lang", "da")
    terminal.answer("Hvilket?", "1")
    eventually(lambda: terminal.reads("skal overtage"))
    eventually(lambda: terminal.seen.count("Hvilket?") == 2 or terminal.reads("\0"))
    [number] = re.findall(rf"(\d)  {OTHER}", terminal.seen)
    os.write(terminal.master, number.encode() + b"\n")
    assert terminal.end() == 0 and terminal.seen.endswith("udskiftet\r\n")
    assert [bound["device"] for bound in home.status()["bound"]] == [f"bluetooth:{OTHER}"]
    terminal = Terminal(home, "unbind")
    terminal.answer("Which one?", "7")
    assert terminal.end() == 64
    terminal = Terminal(home, "unbind")
    terminal.answer("Which one?", "1")
    assert terminal.end() == 0 and home.status()["bound"] == []
    terminal = Terminal(home, "wipe")
    terminal.answer("Type yes", "no")
    assert terminal.end() == 64 and len(audit(home)) == 5
    terminal = Terminal(home, "wipe")
    terminal.answer("Type yes", "yes")
    # The configuration still names the person.
    assert terminal.end() == 75 and "wiped:" in terminal.seen and len(audit(home)) == 1
    air.close()


# MARK: what a device remembers of others


@pytest.fixture
def told(home, tmp_path):
    """The environment of a hub that knows the time: from when on a device is whose rests on it."""
    clock = HubClock(tmp_path)
    clock.set(0, kept=True)
    return clock.environment


def remember(cuff, *systolic: int, days: int = 0) -> None:
    """The cuff measured so many days ago."""
    with cuff.lock:
        for number in systolic:
            cuff.measured += 1
            when = cuff.clock.replace(microsecond=0) - timedelta(days=days, seconds=60 - cuff.measured if days else 0)
            cuff.memory.append(blood_pressure(number, 80, 60, when))


def whose(clinic) -> dict[int, str]:
    """Whom each blood pressure at the clinic is about, by its systolic value."""
    panels = [each for each in clinic.observations() if each["code"]["coding"][0]["code"] == "150020"]
    return {int(each["component"][0]["valueQuantity"]["value"]): each["subject"]["reference"] for each in panels}


@pytest.mark.parametrize("running", [True, False])
def test_what_a_used_device_remembers_is_not_the_new_persons(home, clinic, tmp_path, told, running):
    cuff = Cuff(ADDRESS)
    remember(cuff, 141, 142, 143, days=9)
    if running:
        home.start(env=told)
        eventually(lambda: home.status().get("running"))
    assert run(home, "bind", ADDRESS, "--patient", "Patient/new", **told).stdout == "bound\n"
    if not running:
        home.start(env=told)
    air = Air(str(tmp_path / "air"), [cuff])
    # The device is told that they are kept; they are told to nobody.
    eventually(lambda: not cuff.memory)
    eventually(lambda: home.status()["unassigned"] == 3)
    [said] = eventually(lambda: [line for line in home.log.splitlines() if "before the device was bound" in line])
    assert "pairing: 3 readings were taken before" in said and "vitalsd queue" in said
    assert ADDRESS in said and "Patient" not in said and "141" not in said
    remember(cuff, 120)
    eventually(lambda: whose(clinic) == {120: "Patient/new"})
    assert [row["state"] for row in home.queue()] == 3 * ["unassigned"]
    first = str(home.queue()[0]["id"])
    assert "It is older than the binding" in home.ask("explain", first)
    assert "It is older than the binding" not in home.ask("explain", "4")
    # Bound once more it is the same person's from the same moment on.
    assert run(home, "bind", ADDRESS, "--patient", "Patient/new", **told).stdout == "bound\n"
    remember(cuff, 121)
    eventually(lambda: whose(clinic) == {120: "Patient/new", 121: "Patient/new"})
    # Somebody knows whose it is.
    assert home.ask("queue", "assign", first, "--patient", "Patient/old") == "1 assigned\n"
    eventually(lambda: whose(clinic) == {120: "Patient/new", 121: "Patient/new", 141: "Patient/old"})
    assert home.status()["unassigned"] == 2
    air.close()


@pytest.mark.parametrize("days", [120, -400], ids=["long-ago", "before-its-clock-began-anew"])
def test_what_nobody_can_date_is_not_the_new_persons_either(home, clinic, tmp_path, told, days):
    cuff = Cuff(ADDRESS)
    remember(cuff, 141, 142, days=days)
    home.start(env=told)
    eventually(lambda: home.status().get("running"))
    assert run(home, "bind", ADDRESS, "--patient", "Patient/new", **told).stdout == "bound\n"
    remember(cuff, 120)
    air = Air(str(tmp_path / "air"), [cuff])
    eventually(lambda: not cuff.memory)
    eventually(lambda: home.status()["unassigned"] == 2)
    eventually(lambda: whose(clinic) == {120: "Patient/new"})
    air.close()


def test_a_device_that_is_bound_with_its_memory_tells_all_of_it(home, clinic, tmp_path, told):
    old, new = Cuff(ADDRESS), Cuff(OTHER)
    remember(old, 141, 142, days=9)
    remember(new, 143, 144, days=9)
    home.start(env=told)
    eventually(lambda: home.status().get("running"))
    assert run(home, "bind", ADDRESS, "--with-memory").stdout == "bound\n"
    air = Air(str(tmp_path / "air"), [old])
    eventually(lambda: whose(clinic) == dict.fromkeys((141, 142), "Patient/pt-4711"))
    assert run(home, "swap", ADDRESS, OTHER, "--with-memory").stdout == "swapped\n"
    air.cuffs[OTHER] = new
    eventually(lambda: whose(clinic) == dict.fromkeys((141, 142, 143, 144), "Patient/pt-4711"))
    assert home.queue() == [] and "before the device was bound" not in home.log
    air.close()


def test_what_the_successor_remembers_is_nobodys(home, clinic, tmp_path, told):
    new = Cuff(OTHER)
    remember(new, 143, 144, days=9)
    home.start(env=told)
    eventually(lambda: home.status().get("running"))
    assert run(home, "bind", ADDRESS).stdout == "bound\n"
    assert run(home, "swap", ADDRESS, OTHER).stdout == "swapped\n"
    air = Air(str(tmp_path / "air"), [new])
    eventually(lambda: home.status()["unassigned"] == 2)
    remember(new, 120)
    eventually(lambda: whose(clinic) == {120: "Patient/pt-4711"})
    air.close()


def test_a_hub_that_does_not_know_the_time_takes_nothing_from_anybody(home, clinic, tmp_path):
    cuff, clock = Cuff(ADDRESS), HubClock(tmp_path)
    clock.set(86_400, kept=False)
    assert run(home, "bind", ADDRESS, **clock.environment).stdout == "bound\n"
    remember(cuff, 141, days=9)
    home.start(env=clock.environment)
    air = Air(str(tmp_path / "air"), [cuff])
    eventually(lambda: whose(clinic) == {141: "Patient/pt-4711"})
    air.close()
