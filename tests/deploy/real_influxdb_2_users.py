"""The compose file's script for InfluxDB's users, run as the image's entry point runs it, and what these users may do.

It wants InfluxDB 2.x and its command ``influx``, so `tests.influxdbs` runs it where both are.
"""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import InfluxStore, StoreError, StoreRefusedError
from tests.deploy.compose_file import ROOT, compose, example_environment
from tests.deploy.test_broker_rights import Site
from tests.deploy.test_services import check_services, site
from tests.grafana import demo_like
from tests.grafana.demo_like import NOW
from tests.grafana.queries import ask, request, unanswered
from tests.grafana.test_queries import REPLACED, dashboard
from tests.parts import free_port, influxd_2_command, program, running, wait_until
from tests.storage.parts import DAY, MAIN, batch, points

__all__ = ["site"]

AT = 1_795_000_000_000
ENVIRONMENT: dict[str, str] = compose(example_environment())["services"]["influxdb"]["environment"]
DATABASE = ENVIRONMENT["DOCKER_INFLUXDB_INIT_BUCKET"]

# What influxdata/influxdata-docker's influxdb/2.7/entrypoint.sh does in mode "setup" once the server answers, in words
# of our own: set up, tell the bucket's id, run the scripts.
SETUP = """
set -eo pipefail
influx setup --force --name default --username "$DOCKER_INFLUXDB_INIT_USERNAME" \
    --password "$DOCKER_INFLUXDB_INIT_PASSWORD" --token "$DOCKER_INFLUXDB_INIT_ADMIN_TOKEN" \
    --org "$DOCKER_INFLUXDB_INIT_ORG" --bucket "$DOCKER_INFLUXDB_INIT_BUCKET"
found=$(influx bucket list --name "$DOCKER_INFLUXDB_INIT_BUCKET" --hide-headers | cut -f 1)
export DOCKER_INFLUXDB_INIT_BUCKET_ID=$found
run-parts --regex '.*sh$' --report --exit-on-error "$SCRIPTS"
"""

ANOTHER = """
id=$(influx bucket create --name payroll --hide-headers | cut -f 1)
influx v1 dbrp create --bucket-id "$id" --db payroll --rp autogen --default
echo 'salaries each=1' | influx write --bucket payroll
"""
"""Somebody else's bucket, which can be named on the paths of 1.x as well."""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An InfluxDB as compose's container is when it has started for the first time."""
    folder, port = tmp_path_factory.mktemp("users"), free_port()
    command = Path(program(str(request.config.getoption("--influx")))).absolute()
    (folder / "bin").mkdir()
    (folder / "bin" / "influx").symlink_to(command)
    environment = {
        **ENVIRONMENT,
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "INFLUX_HOST": f"http://127.0.0.1:{port}",
        "INFLUX_CONFIGS_PATH": str(folder / "influx-configs"),
        "SCRIPTS": str(ROOT / "deploy" / "influxdb"),
    }
    with running(influxd_2_command(folder, port), port, folder / "influxd.log"):
        ping = ["influx", "ping"]
        wait_until(
            lambda: subprocess.run(ping, env=environment, capture_output=True, check=False).returncode == 0,
            "the health check of the compose file answers",
        )
        done = subprocess.run(
            ["bash", "-c", SETUP], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        subprocess.run(["bash", "-c", ANOTHER], env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
        yield environment["INFLUX_HOST"]


def of(url: str, who: str) -> InfluxStore:
    """A store as WRITER or READER."""
    return InfluxStore(
        url,
        database=DATABASE,
        username=ENVIRONMENT[f"{who}_USERNAME"],
        password=ENVIRONMENT[f"{who}_PASSWORD"],
        keep_raw_days=90,
        keep_rollup_days=3650,
    )


def known(url: str, who: str) -> str:
    """The URL with the credentials of WRITER or READER in it."""
    return url.replace("//", f"//{ENVIRONMENT[f'{who}_USERNAME']}:{ENVIRONMENT[f'{who}_PASSWORD']}@")


def status(asked: urllib.request.Request) -> int:
    """What a request is answered with."""
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_writer_writes_rolls_and_forgets_and_the_reader_sees_it_and_may_change_nothing(url: str) -> None:
    writer, reader = of(url, "WRITER"), of(url, "READER")
    assert writer.write([batch({AT: 1.0, AT + 1000: 2.0})]).stored == 2
    assert writer.roll(AT + DAY) == 1
    facts = writer.health().facts
    assert facts["readings"] == "kept as the server's retention says (policy autogen)"
    assert facts["roll-ups"] == "kept as the server's retention says (policy rollup)"
    assert points(reader) == {AT: 1.0, AT + 1000: 2.0}
    assert reader.rollups(MAIN, 0, AT + DAY).count.tolist() == [2]
    assert reader.latest(MAIN.site)[0].value == 2.0
    assert reader.health().ok
    with pytest.raises(StoreRefusedError, match="does not let user 'reader' use"):
        reader.write([batch({AT + 2000: 3.0})])
    with pytest.raises(StoreError):
        reader.forget(AT + DAY, 0)
    assert points(reader) == {AT: 1.0, AT + 1000: 2.0}
    assert writer.forget(AT + DAY, 0).readings == 2
    assert (points(reader), reader.rollups(MAIN, 0, AT + DAY).count.tolist()) == ({}, [2])
    writer.close()
    reader.close()


@pytest.mark.parametrize("who", ["WRITER", "READER"])
def test_neither_user_reaches_another_bucket_or_anything_of_the_operators(url: str, who: str) -> None:
    named = known(url, who)
    operator = url.replace("//", f"//admin:{ENVIRONMENT['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN']}@")
    assert ask(operator, "SHOW MEASUREMENTS", "payroll")
    assert ask(named, "SHOW MEASUREMENTS", "payroll") == []
    for bucket in ("payroll", "_monitoring"):  # as if it were not there
        assert status(request(named, f"/write?db={bucket}", b"a b=1")) == 404
    for path in ("buckets", "authorizations", "users", "orgs", "tasks", "secrets"):
        asked = request(named, f"/api/v2/{path}", b"{}")
        asked.method = "GET"
        assert status(asked) == 401, path
    assert status(request(named, "/api/v2/buckets", b'{"name":"more"}')) == 401


def test_what_compose_starts_beside_it_stores_and_serves_what_a_gateway_sends(
    url: str, site: Site, tmp_path: Path
) -> None:
    check_services(site, of(url, "READER"), url, tmp_path, DATABASE)


@pytest.mark.parametrize("name", ["factory", "machine", "edge"])
def test_grafana_with_the_readers_password_finds_what_every_panel_asks_for(url: str, name: str, filled: Any) -> None:
    assert filled
    assert unanswered(known(url, "READER"), DATABASE, dashboard(name), NOW, REPLACED) == []


@pytest.fixture(scope="module")
def filled(url: str) -> bool:
    """Weeks of a factory, written as the collector's user."""
    demo_like.fill(known(url, "WRITER"), DATABASE)
    return True
