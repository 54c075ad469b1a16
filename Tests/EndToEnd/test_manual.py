"""The manual pages and what the shells complete, by the programs that read them."""

import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import vitalsd

SOURCES = pathlib.Path(__file__).parents[2] / "Sources" / "vitalsd"


def document(*words: str) -> str:
    answer = vitalsd("help", *words)
    assert answer.returncode == 0 and not answer.stderr
    return answer.stdout


@pytest.fixture(params=["8", "5"])
def page(request, tmp_path):
    file = tmp_path / f"vitalsd.{request.param}"
    file.write_text(document("--man", request.param))
    return file


def test_pages_have_no_warnings(page):
    lint = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True, check=False)
    assert lint.stdout + lint.stderr == ""
    shown = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True, check=False)
    assert shown.returncode == 0 and shown.stderr == ""


def test_pages_say_what_the_tables_say(tmp_path):
    def shown(section: str) -> str:
        file = tmp_path / f"page.{section}"
        file.write_text(document("--man", section))
        text = subprocess.run(["mandoc", "-Tascii", file], capture_output=True, text=True, check=True).stdout
        return re.sub(r".\x08", "", text)
    daemon, configuration = shown("8"), shown("5")
    for line in vitalsd("help").stdout.splitlines():
        if found := re.match(r"  ([a-z]+) ", line):
            assert re.search(rf"(?m)^ +{found[1]}\b", daemon), found[1]
    for key in ("URL=", "KeyFile=", "MaximumSize=", "TimeZone="):
        assert key in configuration
    assert "--completion bash|zsh" in daemon and "the nearest key" in configuration
    assert vitalsd("help", "--man", "7").returncode == 64
    assert vitalsd("help", "--completion", "fish").returncode == 64


def test_no_option_is_unmentioned():
    """What the commands take is what their synopses say, and so what is in the pages and completed."""
    taken = set()
    for file in SOURCES.rglob("*.swift"):
        taken |= set(re.findall(r'\b(?:flag|option)\("([a-z-]+)"\)', file.read_text()))
    said = set()
    for verb in re.findall(r"(?m)^    ([a-z]+)\)", document("--completion", "bash")):
        said |= set(re.findall(r"--([a-z-]+)", vitalsd("help", verb).stdout.splitlines()[0]))
    assert taken - said - {"help"} == set()
    assert said - taken == set()


def bash(tmp_path, *words: str) -> set[str]:
    (tmp_path / "completion").write_text(document("--completion", "bash"))
    script = """
        set -u
        source "$1"; shift
        COMP_WORDS=(vitalsd "$@") COMP_CWORD=$#
        _vitalsd
        printf '%s\\n' "${COMPREPLY[@]}"
        """
    answer = subprocess.run(
        ["bash", "-c", script, "bash", tmp_path / "completion", *words], capture_output=True, text=True, check=False,
        cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    return {line for line in answer.stdout.splitlines() if line}


def test_bash_completes(tmp_path):
    assert bash(tmp_path, "sta") == {"status"}
    assert {"bind", "status", "wipe", "--version"} <= bash(tmp_path, "")
    assert {"--json", "--configuration", "retry", "assign"} <= bash(tmp_path, "queue", "")
    assert bash(tmp_path, "help", "--completion", "") == {"bash", "zsh"}
    assert bash(tmp_path, "help", "--completion", "=", "z") == {"zsh"}
    assert "bind" in bash(tmp_path, "help", "b")
    assert {"nonin-format-13"} == bash(tmp_path, "decode", "--driver", "nonin-format-1")
    assert bash(tmp_path, "bind", "--user", "") == set()
    assert "completion" in bash(tmp_path, "replay", "comp")
    assert "completion" in bash(tmp_path, "status", "--configuration", "comp")


# Waits for what it wants to see, and asks again for it: a busy machine takes its time.
ZSH = """
zmodload zsh/zpty
zpty z zsh -f -i
hear() { local piece; while zpty -r -t z piece; do out+=$piece; done }
heard() { local word; for word; do [[ $out == *$word* ]] || return 1; done }
out=
zpty -w z "PS1=; PROMPT2=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -d $1/dump"
zpty -w z "zstyle ':completion:*' list-prompt ''; LISTMAX=10000; print RE''ADY"
for (( n = 0; n < 300; n++ )) { hear; heard READY && break; sleep 0.1 }
out=
zpty -n -w z "$2"
for (( n = 0; n < 300; n++ )) { (( n % 20 )) || zpty -n -w z $'\\t'; sleep 0.1; hear; heard "${@:3}" && break }
print -r -- "$out"
"""


@pytest.mark.parametrize("typed, offered", [
    ("vitalsd sta", ["status"]),
    ("vitalsd help --completion=", ["bash", "zsh"]),
    ("vitalsd queue --", ["--json", "--configuration"]),
    ("vitalsd queue re", ["retry"]),
])
def test_zsh_completes(tmp_path, typed, offered):
    assert shutil.which("zsh")
    (tmp_path / "_vitalsd").write_text(document("--completion", "zsh"))
    answer = subprocess.run(
        ["zsh", "-f", "-c", ZSH, "zsh", tmp_path, typed, *offered], capture_output=True, text=True, check=False, timeout=90)
    for word in offered:
        assert word in answer.stdout, answer.stdout + answer.stderr
    syntax = subprocess.run(["zsh", "-n", tmp_path / "_vitalsd"], capture_output=True, text=True, check=False)
    assert syntax.returncode == 0 and syntax.stderr == ""
