"""The further collectors of deploy/collectors.yml differ from the first one only in what makes each its own."""

from __future__ import annotations

from typing import Any

import yaml

from tests.deploy.compose_file import COMPOSE, ROOT

_OWN = {"WATTPROOF_COLLECTOR_WORKERS_GROUP", "WATTPROOF_COLLECTOR_WORKER"}


def document(path: Any) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def test_each_worker_is_the_collector_with_a_number_a_certificate_and_a_folder_of_its_own() -> None:
    first = document(COMPOSE)["services"]["collector"]
    further = document(ROOT / "deploy" / "collectors.yml")["services"]
    assert further["collector"]["environment"]["WATTPROOF_COLLECTOR_WORKER"] == "1"
    for number in ("2", "3"):
        worker = further[f"collector-{number}"]
        own = {name: value for name, value in worker["environment"].items() if name in _OWN}
        assert own == {"WATTPROOF_COLLECTOR_WORKERS_GROUP": "wattproof", "WATTPROOF_COLLECTOR_WORKER": number}
        rest = {name: value for name, value in worker["environment"].items() if name not in _OWN}
        assert rest == first["environment"]
        folder, certificate = worker["volumes"]
        assert folder == f"collector-{number}-data:/var/lib/wattproof"
        assert certificate == first["volumes"][1] | {"source": f"./deploy/broker/clients/collector-{number}"}
        same = {name: value for name, value in worker.items() if name not in {"environment", "volumes"}}
        assert same == {name: first[name] for name in same}
        assert set(first) - set(worker) <= {"build"}


def test_the_workers_are_of_one_group() -> None:
    services = document(ROOT / "deploy" / "collectors.yml")["services"].values()
    assert {service["environment"]["WATTPROOF_COLLECTOR_WORKERS_GROUP"] for service in services} == {"wattproof"}
