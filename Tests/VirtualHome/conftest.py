"""The fixture `home`. The machine boots once; tests that come after each other find it tidy."""

import os

import pytest


def pytest_ignore_collect(collection_path, config):
    """Takes minutes and a machine: part of a run only where the command line names this folder."""
    named = any("VirtualHome" in argument for argument in config.invocation_params.args)
    return None if named else True


def pytest_configure(config):
    config.addinivalue_line("markers", "long: for `make home-scenarios`, not for every `make test`")


def pytest_collection_modifyitems(config, items):
    """Of what takes long, `make test` has the essence in its scenarios."""
    if os.environ.get("SCENARIOS") != "all":
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def house():
    """The one machine of the whole run."""
    from .home import Home

    house = Home()
    try:
        house.boot()
        yield house
    finally:
        house.close()


@pytest.fixture
def home(house):
    """The machine, running, with nothing left of the test before: no commands, no devices, the right time, a network."""
    if not house.is_up:
        house.boot()
    yield house
    if house.is_up:
        house.tidy()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed shows what the machine said."""
    report = yield
    if report.failed and report.when == "call" and (house := item.funcargs.get("house")):
        report.sections.append(("console of the machine", house.console()[-2000:]))
        for command in house.running():
            report.sections.append((f"still running: {command.text[:60]}", command.output[-2000:]))
    return report
