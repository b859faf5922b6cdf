"""Real parts for the tests: brokers and databases from Debian's packages, each on a free port."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from telemetry import Broker
from tests import parts
from tests.browser import chromium, visit
from tests.parts import INFLUXD, Database, free_port, influxd, influxd_2, influxd_version, program, running

__all__ = ["chromium", "visit"]

# A shell that starts the tests in its background has them ignore Ctrl-C, and what they start with them.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A traceback in a frame, with the values of all variables, drowns the events before and after it.
_plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])

# A property is no measurement of the machine, and whether a change passes is no matter of luck: the suite draws the
# same examples every time. New ones are looked for on purpose, with `pytest --hypothesis-profile=search`.
_shared_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", _shared_machine, derandomize=True)
settings.register_profile("search", _shared_machine, max_examples=2_000, print_blob=True)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take a minute; a core that gets one last goes on long after the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a command that ran within a test has set up; loggers that keep it could never be listened to again."""
    before, configure = structlog.get_config(), structlog.configure
    monkeypatch.setattr(
        structlog, "configure", lambda **wanted: configure(**{**wanted, "cache_logger_on_first_use": False})
    )
    yield
    configure(**before)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """A real mosquitto with its default persistence (off), anonymous, on a free port."""
    with parts.mosquitto(tmp_path, "max_queued_messages 0") as broker:
        yield broker


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the stores be tested against other servers than Debian's; see `tests.influxdbs`."""
    parser.addoption("--influxd", metavar="PROGRAM", help="InfluxDB, 1.x or 2.x, for the tests (default: Debian's)")
    parser.addoption("--influx", default="influx", metavar="PROGRAM", help="the command of InfluxDB 2.x")


def pytest_configure(config: pytest.Config) -> None:
    """Let every server that a test starts be the one that was asked for."""
    if chosen := config.getoption("--influxd"):
        os.environ[INFLUXD] = str(chosen)


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real InfluxDB (Debian's package, 1.x, unless told otherwise) on a free port, empty at the start of the run."""
    folder = tmp_path_factory.mktemp("influxdb")
    two = influxd_version().startswith("2.")
    with influxd_2(folder, free_port()) if two else influxd(folder, free_port(), free_port()) as database:
        yield database


@pytest.fixture(scope="session")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real VictoriaMetrics (Debian's package): a server that others wrote and that speaks ``/api/v2/write``."""
    folder = tmp_path_factory.mktemp("victoria-metrics")
    port = free_port()
    command = [
        program("victoria-metrics"),
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
    ]
    with running(command, port, folder / "victoria-metrics.log") as process:
        yield Database(f"http://127.0.0.1:{port}", process)


@pytest.fixture(scope="session")
def test_output() -> Path:
    """Where tests leave what a person should look at (screenshots, tables)."""
    folder = Path(__file__).parent.parent / "test-output"
    folder.mkdir(exist_ok=True)
    return folder
