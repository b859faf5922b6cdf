from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import structlog
import yaml
from typer.testing import CliRunner

from telemetry import parse_yaml
from tests.deploy.compose_file import COMPOSE, ROOT, SCHEMA, compose, example_environment, variables
from wattproof.config import environment_names, load
from wattproof.main import app
from wattproof.provision import generate

Json = dict[str, Any]

FILE = compose(example_environment())
SERVICES: Json = FILE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("wattproof-"))


def binds(service: Json) -> list[tuple[str, str, bool]]:
    """Bind mounts: source in the repository, target, whether it is read-only."""
    found = []
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            found.append((volume["source"], volume["target"], bool(volume.get("read_only", False))))
        elif volume.startswith("./"):
            source, target, *mode = volume.split(":")
            found.append((source, target, mode == ["ro"]))
    return found


def command_lines() -> list[tuple[str, list[str]]]:
    """Every `wattproof …` that a service or a health check runs."""
    found = []
    for name in OURS:
        service = SERVICES[name]
        entry = service.get("entrypoint", ["wattproof"])
        if "command" in service and entry[0] == "wattproof":
            found.append((name, [*entry[1:], *service["command"]]))
        test = service.get("healthcheck", {}).get("test", [])
        if test[1:2] == ["wattproof"]:
            found.append((f"{name} health", test[2:]))
    return found


def understood(arguments: list[str]) -> bool:
    """Whether the real command line has this command and its options; nothing is run."""
    logging = structlog.get_config()
    try:
        return CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0
    finally:
        # The command line directs the log to the runner's standard error, which is gone now.
        structlog.configure(**logging)


def test_the_file_is_valid_yaml_without_a_key_twice() -> None:
    parse_yaml(re.sub(r"<<: (\[\*.*\]|\*\S+)", "", COMPOSE.read_text(encoding="utf-8")), "docker-compose.yml")


def test_the_file_holds_what_the_compose_specification_allows() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(FILE)


def test_the_official_schema_of_the_compose_specification_accepts_the_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_parts_of_the_production_system_and_of_the_demo_are_there() -> None:
    always = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert always == {"mosquitto", "influxdb", "collector", "api", "grafana"}
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "provision": ["setup"],
        "gateway": ["demo"],
    }


def test_env_example_names_every_variable_and_no_other() -> None:
    assert set(example_environment()) == variables()


def test_without_its_secrets_the_file_is_refused_by_name() -> None:
    secrets = {name for name, value in example_environment().items() if value == "CHANGE-ME"}
    assert secrets == {name for name in variables() if name.endswith(("_PASSWORD", "_TOKEN"))}
    for name in secrets:
        with pytest.raises(KeyError, match=f"{name}: set it in .env"):
            compose(example_environment() | {name: ""})


def test_no_secret_is_written_into_the_file() -> None:
    raw = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    for service in raw["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|_KEY$", name) and not value.startswith("/"):
                assert re.fullmatch(r"\$\{\w+:\?set it in \.env\}", value), name


def test_a_filled_in_env_file_and_what_is_generated_stay_out_of_git() -> None:
    paths = [".env", "deploy/broker/ca/ca.key", "deploy/broker/clients/api/client.key", "deploy/plans/mine.yaml"]
    answer = subprocess.run(["git", "check-ignore", *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.stdout.split() == paths


def test_every_bind_mount_exists_in_the_repository_or_is_generated(tmp_path: Path) -> None:
    generate(tmp_path, {"gimpo-demo": ["gw-1"]})
    for name, service in SERVICES.items():
        for source, _, _ in binds(service):
            here = source.removeprefix("./")
            made = tmp_path / Path(here).relative_to("deploy/broker") if here.startswith("deploy/broker/") else None
            assert (made or ROOT / here).is_dir(), f"{name} mounts {source}"


def test_a_missing_folder_is_an_error_and_not_an_empty_folder_of_roots() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            if "deploy/broker" in str(volume):
                assert volume["bind"] == {"create_host_path": False}, name


def test_keys_are_mounted_read_only_and_only_where_they_belong() -> None:
    mounts = {name: {source for source, _, _ in binds(service)} for name, service in SERVICES.items()}
    clients = "./deploy/broker/clients"
    assert mounts["collector"] == {f"{clients}/collector"}
    assert mounts["api"] == {f"{clients}/api", "./deploy/plans"}
    assert mounts["gateway"] == {f"{clients}/gimpo-demo.gw-1"}
    assert mounts["mosquitto"] == {f"{clients}/health", "./deploy/broker/broker", "./deploy/broker/data"}
    for name, service in SERVICES.items():
        for source, _, read_only in binds(service):
            assert read_only or (name, source) in {
                ("provision", "./deploy/broker"),
                ("mosquitto", "./deploy/broker/data"),
            }


def test_named_volumes_are_declared_and_used() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if isinstance(volume, str) and not volume.startswith("./")
    }
    assert used == set(FILE["volumes"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_ours_or_of_a_fixed_version(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in OURS:
        assert SERVICES[name]["build"]["target"] == image.removeprefix("wattproof-")
    else:
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+", image)


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_as_a_user_without_rights_on_a_read_only_root(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "1000:1000"
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_ours_is_one_of_the_configuration_model(name: str) -> None:
    names = set(SERVICES[name].get("environment", {}))
    assert names <= environment_names()


def test_every_setting_has_a_value_that_the_configuration_model_takes() -> None:
    for name in ("collector", "api"):
        config = load(None, SERVICES[name]["environment"])
        assert (config.store.engine, config.store.influx_url) == ("influx", "http://influxdb:8086")
        assert (config.broker.host, config.broker.port) == ("mosquitto", 8883)
        assert config.broker.tls is not None
        assert config.folder == Path("/var/lib/wattproof")


def test_the_paths_in_settings_are_mounted() -> None:
    for name in OURS:
        service = SERVICES[name]
        targets = [target for _, target, _ in binds(service)]
        targets += [v.split(":")[1] for v in service.get("volumes", []) if isinstance(v, str)]
        for setting, value in service.get("environment", {}).items():
            if value.startswith("/"):
                assert any(Path(value).is_relative_to(target) for target in targets), f"{name}: {setting}"


def test_a_gateways_certificate_is_where_its_setting_says(tmp_path: Path) -> None:
    generate(tmp_path, {"gimpo-demo": ["gw-1"]})
    for name in ("collector", "api", "gateway"):
        environment = SERVICES[name]["environment"]
        ((source, target),) = [(s, t) for s, t, _ in binds(SERVICES[name]) if "/clients/" in s]
        folder = tmp_path / Path(source).relative_to("deploy/broker")
        for setting in ("CA", "CERTIFICATE", "KEY"):
            inside = Path(environment[f"WATTPROOF_BROKER_TLS_{setting}"])
            assert (folder / inside.relative_to(target)).is_file()


@pytest.mark.parametrize(("where", "arguments"), command_lines(), ids=str)
def test_every_command_is_one_that_wattproof_has(where: str, arguments: list[str]) -> None:
    assert understood(arguments), where


def test_a_command_that_wattproof_lacks_is_noticed() -> None:
    assert not understood(["collector", "dance"])
    assert not understood(["collector", "run", "--dance"])


def test_every_service_that_stays_has_a_health_check() -> None:
    from_image = {"gateway"}
    for name, service in SERVICES.items():
        if service["restart"] != "no" and name not in from_image:
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_a_service_waits_for_the_health_of_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, name
            assert "healthcheck" in SERVICES[other]


def test_the_brokers_health_check_uses_the_client_made_for_it(tmp_path: Path) -> None:
    generate(tmp_path, {})
    test = SERVICES["mosquitto"]["healthcheck"]["test"]
    assert test[1] == "mosquitto_sub"
    assert test[test.index("--topic") + 1] == "$SYS/broker/uptime"
    assert f"listener {test[test.index('--port') + 1]}\n" in (tmp_path / "broker" / "mosquitto.conf").read_text()
    for option in ("--cafile", "--cert", "--key"):
        inside = Path(test[test.index(option) + 1]).relative_to("/mosquitto/health")
        assert (tmp_path / "clients" / "health" / inside).is_file()


def test_the_broker_finds_its_files_where_they_are_mounted(tmp_path: Path) -> None:
    generate(tmp_path, {})
    settings = dict(
        line.split(" ", 1)
        for line in (tmp_path / "broker" / "mosquitto.conf").read_text().splitlines()
        if line and not line.startswith("#")
    )
    mounts = {target: source for source, target, _ in binds(SERVICES["mosquitto"])}
    for setting in ("cafile", "certfile", "keyfile", "acl_file"):
        path = Path(settings[setting])
        source = mounts[str(path.parent)].removeprefix("./deploy/broker/")
        assert (tmp_path / source / path.name).is_file()
    assert Path(settings["persistence_location"].rstrip("/")) == Path("/mosquitto/data")


def test_pages_and_grafana_are_published_to_this_machine_alone_unless_asked() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "mosquitto": ["8883:8883"],
        "api": ["127.0.0.1:8000:8000"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


def test_grafana_finds_datasource_and_dashboards() -> None:
    grafana = SERVICES["grafana"]
    needed = set(re.findall(r"\$\{(\w+)\}", (ROOT / "grafana/provisioning/datasources/influxdb.yaml").read_text()))
    assert needed <= set(grafana["environment"])
    mounts = {target: source for source, target, _ in binds(grafana)}
    assert mounts["/etc/grafana/provisioning"] == "./grafana/provisioning"
    providers = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/wattproof.yaml").read_text())["providers"]
    inside = [provider["options"]["path"] for provider in providers]
    for path in (*inside, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]):
        assert (ROOT / mounts["/etc/grafana/wattproof"] / Path(path).relative_to("/etc/grafana/wattproof")).exists()


def test_grafana_and_the_api_read_with_a_user_who_cannot_write() -> None:
    script = (ROOT / "deploy/influxdb/10-users.sh").read_text()
    made = re.findall(r'--username "\$(\w+)" --password "\$(\w+)"((?: \\\n)?\s+--read-bucket.*)', script)
    rights = {(user, password): "--write-bucket" in rest for user, password, rest in made}
    writes = {("WRITER_USERNAME", "WRITER_PASSWORD"): False, ("READER_USERNAME", "READER_PASSWORD"): False}
    assert set(rights) == set(writes)
    assert "--write-bucket" not in script.split("READER_USERNAME")[1]
    database = SERVICES["influxdb"]["environment"]
    reader = (database["READER_USERNAME"], database["READER_PASSWORD"])
    for name, prefix in (("grafana", "INFLUXDB"), ("api", "WATTPROOF_STORE_INFLUX")):
        environment = SERVICES[name]["environment"]
        assert (environment[f"{prefix}_USERNAME"], environment[f"{prefix}_PASSWORD"]) == reader


def test_the_init_script_uses_only_what_the_database_is_given() -> None:
    script = (ROOT / "deploy/influxdb/10-users.sh").read_text()
    used = set(re.findall(r"\$([A-Z_]+)", script))
    given = set(SERVICES["influxdb"]["environment"]) | {"DOCKER_INFLUXDB_INIT_BUCKET_ID"}
    assert used <= given
    subprocess.run(["bash", "-n", str(ROOT / "deploy/influxdb/10-users.sh")], check=True)


def test_services_agree_on_the_database() -> None:
    database = SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert SERVICES["grafana"]["environment"]["INFLUXDB_DATABASE"] == database
    for name in ("collector", "api"):
        assert SERVICES[name]["environment"]["WATTPROOF_STORE_INFLUX_DATABASE"] == database
    assert json.dumps(SERVICES).count("http://influxdb:8086") == 3
