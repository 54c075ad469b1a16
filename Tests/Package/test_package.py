"""The Debian package: installed, upgraded, downgraded, removed and purged. `make deb-test`, as root."""

import re
import sqlite3
import subprocess

import pytest
from conftest import DEB, dependencies

STATE, SETTINGS = "/var/lib/vitalsd", "/etc/vitalsd"


@pytest.fixture
def installed(root):
    root.run("dpkg", "-i", root.bring(DEB))
    return root


def use(root) -> None:
    """What a hub has after some time: a configuration, and a journal with somebody in it."""
    root.path(f"{SETTINGS}/vitalsd.conf").write_text("[Clinic]\nURL=https://clinic.example/fhir\n[Patient]\nReference=Patient/1\n")
    root.path(f"{SETTINGS}/conf.d/own.conf").write_text("[Hub]\nTimeZone=Europe/Copenhagen\n")
    root.run("vitalsd", "bind", "00:09:1F:80:00:22")
    root.run("chown", "-R", "vitalsd:", STATE)


def settings(root) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(root.path(SETTINGS).rglob("*")) if file.is_file()}


def test_depends_on_little():
    allowed = {
        "libc6", "libgcc-s1", "libbluetooth3", "libudev1", "libcurl4", "libsqlite3-0", "zlib1g", "openssl", "tzdata", "systemd"}
    assert set(dependencies()) <= allowed


def test_installs(installed):
    assert installed.status.startswith("installed ")
    assert installed.run("dpkg", "--audit").stdout == ""
    assert installed.run("dpkg", "--verify", "vitalsd").stdout == ""
    assert installed.run("vitalsd", "version").stdout.strip() == installed.status.split()[1]
    # A user of its own, that nobody can log in as.
    user = installed.run("getent", "passwd", "vitalsd").stdout.strip().split(":")
    assert int(user[2]) < 1000 and user[6].endswith("nologin")
    assert "dialout" in installed.run("id", "-nG", "vitalsd").stdout.split()
    # Started at boot, once somebody has set it up.
    assert installed.path("/etc/systemd/system/multi-user.target.wants/vitalsd.service").is_symlink()
    unit = next(installed.folder.rglob("lib/systemd/system/vitalsd.service")).read_text()
    assert "ExecStart=/usr/bin/vitalsd run" in unit and "@" not in re.sub(r"modprobe@|~@|@[a-z-]+", "", unit)
    assert not installed.path(f"{SETTINGS}/vitalsd.conf").exists()
    for page in ("man8/vitalsd.8.gz", "man5/vitalsd.conf.5.gz"):
        assert installed.path(f"/usr/share/man/{page}").exists()
    # Nothing of Swift is wanted, and all that is linked is there.
    linked = installed.run("ldd", "/usr/bin/vitalsd").stdout
    assert "not found" not in linked and "swift" not in linked.lower()
    # It does its main job, and what it tells the installer about is there.
    sample = "/usr/share/doc/vitalsd/examples/vitalsd.conf"
    assert installed.path(sample).exists()
    assert installed.run("vitalsd", "bind", "00:09:1F:80:00:22", check=False).returncode == 78


def test_an_upgrade_and_a_downgrade_keep_all(installed, other_versions):
    use(installed)
    before = settings(installed)
    for version in ("9.0", "0.0.9"):
        done = installed.run("dpkg", "-i", installed.bring(other_versions[version]))
        assert installed.status == f"installed {version}"
        # Nobody is asked anything: an unattended upgrade goes through.
        assert "conffile" not in done.stdout + done.stderr
        assert settings(installed) == before
        assert '"running":false' in installed.run("vitalsd", "status", "--json").stdout
        assert installed.path("/etc/systemd/system/multi-user.target.wants/vitalsd.service").is_symlink()


def test_a_service_that_was_disabled_stays_so(installed, other_versions):
    installed.run("systemctl", "disable", "vitalsd")
    link = installed.path("/etc/systemd/system/multi-user.target.wants/vitalsd.service")
    assert not link.is_symlink()
    installed.run("dpkg", "-i", installed.bring(other_versions["9.0"]))
    assert not link.is_symlink()


def test_a_newer_journal_is_not_touched(installed, other_versions):
    use(installed)
    journal = installed.path(f"{STATE}/journal")
    database = sqlite3.connect(journal)
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("PRAGMA user_version = 999")
    database.close()
    before = journal.read_bytes()
    done = installed.run("dpkg", "-i", installed.bring(other_versions["0.0.9"]), check=False)
    assert done.returncode != 0 and "version 999" in done.stderr
    assert not installed.status.endswith("0.0.9") and installed.run("vitalsd", "version").stdout
    assert journal.read_bytes() == before


def test_removal_keeps_and_purging_removes(installed):
    use(installed)
    installed.run("dpkg", "-r", "vitalsd")
    assert not installed.path("/usr/bin/vitalsd").exists()
    assert installed.path(f"{STATE}/journal").exists() and installed.path(f"{SETTINGS}/vitalsd.conf").exists()
    installed.run("dpkg", "-P", "vitalsd")
    assert installed.status == "unknown" or "not-installed" in installed.status
    for place in (STATE, SETTINGS):
        assert not installed.path(place).exists()
    left = subprocess.run(
        ["find", installed.folder, "-xdev", "-iname", "*vitalsd*", "-not", "-path", "*/tmp/*"], capture_output=True, text=True,
        check=True).stdout.split()
    assert left == []


def test_it_comes_again_after_a_purge(installed):
    use(installed)
    installed.run("dpkg", "-P", "vitalsd")
    installed.run("dpkg", "-i", installed.bring(DEB))
    assert installed.path("/etc/systemd/system/multi-user.target.wants/vitalsd.service").is_symlink()
    assert installed.run("dpkg", "--audit").stdout == ""
