"""The demo's gateway as its container runs it: the real script, commands, certificates and broker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry import BATCH, Batch, decode, topic
from tests.deploy.compose_file import ROOT, compose, example_environment
from tests.deploy.test_broker_rights import SITE, Site, mosquitto
from tests.parts import free_port, wait_until
from wattproof.provision import generate


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder, port = tmp_path / "broker", free_port()
    broker, data = str(folder / "broker"), str(folder / "data")
    generate(folder, {SITE: ["gw-1"]}, port=port, config_path=broker, data_path=data)
    with mosquitto(folder, port) as site:
        yield site


@contextlib.contextmanager
def container(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The script with its children, which end with it as they would with their container."""
    command = folder / "bin" / "wattproof"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wattproof "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    work = folder / "work"
    work.mkdir()
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [str(ROOT / "deploy" / "demo-gateway.sh"), str(work)],
            env=os.environ | environment | {"PATH": path, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)


def environment_of_the_service(site: Site) -> dict[str, str]:
    """The compose file's settings of the gateway, with this machine's addresses in them."""
    settings: dict[str, str] = compose(example_environment())["services"]["gateway"]["environment"]
    own = str(site.folder / "clients" / f"{SITE}.gw-1")
    here = {name: value.replace("/run/wattproof/broker", own) for name, value in settings.items()}
    return here | {"WATTPROOF_BROKER_HOST": "localhost", "WATTPROOF_BROKER_PORT": str(site.port)}


def test_the_virtual_factory_is_read_on_every_link_and_published_under_the_gateways_certificate(
    site: Site, tmp_path: Path
) -> None:
    with (
        site.client("collector", topic("+", "+", BATCH)) as collector,
        container(tmp_path, environment_of_the_service(site)) as gateway,
    ):

        def devices() -> set[str]:
            assert gateway.poll() is None, (tmp_path / "gateway.log").read_text()
            batches = [decode(payload, Batch) for _, payload in list(collector.received)]
            kinds = {"power_meter", "plc", "sensor"}
            return {table.device for batch in batches for table in batch.tables if table.kind in kinds}

        # The compressor and the sensor hang on the pseudo-terminal.
        everything = {"main", "press-1", "press-2", "compressor", "plc-1", "plc-2", "ambient"}
        wait_until(lambda: devices() == everything, "a reading of every device", deadline_s=60)
        assert {to for to, _ in collector.received} == {topic(SITE, "gw-1", BATCH)}
        gateway.terminate()
        wait_until(lambda: gateway.poll() is not None, "the gateway ends when its container is stopped")
        assert gateway.returncode == 0, (tmp_path / "gateway.log").read_text()


def test_a_factory_that_does_not_start_ends_the_container(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "wattproof"
        broken.write_text("#!/bin/sh\nexit 3\n")
        broken.chmod(0o755)
        script = [str(ROOT / "deploy" / "demo-gateway.sh"), str(tmp_path)]
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        answer = subprocess.run(script, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 3
    assert "the virtual factory did not start" in answer.stderr
