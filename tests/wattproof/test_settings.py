"""The configuration: a file, the environment over it, and every refusal with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from telemetry import Broker, DocumentError
from tests.wattproof.command_line import wattproof
from wattproof.config import Config, environment_names, find_file, load, shown
from wattproof.environment import broker_from
from wattproof.errors import BadInputError

GOOD = """\
data_dir: /srv/wattproof
broker: {host: broker.example, port: 8883, username: collector, password: secret, tls: {ca: ca.crt}}
store:
  engine: influx
  influx_url: http://db.example:8086
api:
  port: 9000
  demand_target_kw: 300
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "wattproof.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_defaults_hold() -> None:
    config = load(None, {})
    assert config == Config()
    assert config.store_settings.path == "wattproof-data/readings.duckdb"
    assert config.api_settings.plans == "wattproof-data/plans"
    assert config.api_settings.reviews == "wattproof-data/reviews"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environ = {
        "WATTPROOF_BROKER_PORT": "1884",
        "WATTPROOF_BROKER_TLS_CERTIFICATE": "client.crt",
        "WATTPROOF_STORE_INFLUX_TOKEN": "t0ken",
        "WATTPROOF_API_DEMAND_TARGET_KW": "412.5",
        "WATTPROOF_EMBEDDED_BROKER_ENABLED": "false",
        "PATH": "/bin",
    }
    config = load(write(tmp_path, GOOD), environ)
    assert (config.broker.host, config.broker.port) == ("broker.example", 1884)
    assert config.broker.tls is not None
    assert (config.broker.tls.ca, config.broker.tls.certificate) == ("ca.crt", "client.crt")
    assert (config.store.influx_token, config.store.influx_url) == ("t0ken", "http://db.example:8086")
    assert config.api.demand_target_kw == 412.5
    assert not config.embedded_broker.enabled


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port: 9000", "prot: 9000", "wattproof.yaml:7: api.prot: unknown key; check its spelling and indentation"),
        ("port: 9000", "port: many", "wattproof.yaml:7: api.port: expected `int`, got `str`"),
        ("port: 9000", "port: 90000", "wattproof.yaml:6: api: port 90000 is outside 0-65535"),
        ("engine: influx", "engine: oracle", "wattproof.yaml:4: store.engine: invalid enum value 'oracle'"),
        ("api:", "api: [", "not valid YAML: "),
    ],
)
def test_a_file_that_breaks_the_model_is_refused_with_line_and_field(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        load(write(tmp_path, GOOD.replace(old, new)), {})
    assert said.lower() in str(refused.value).lower()


def test_an_unknown_variable_is_refused_rather_than_ignored() -> None:
    with pytest.raises(BadInputError, match="WATTPROOF_STORE_INFLUXURL is unknown"):
        load(None, {"WATTPROOF_STORE_INFLUXURL": "http://x"})


def test_a_variable_of_the_wrong_type_is_named_with_its_value() -> None:
    with pytest.raises(BadInputError, match=r"WATTPROOF_API_PORT: expected `int`.* it is 'abc'"):
        load(None, {"WATTPROOF_API_PORT": "abc"})


def test_every_variable_is_understood() -> None:
    samples = {"WATTPROOF_LOG_LEVEL": "debug", "WATTPROOF_LOG_FORMAT": "json"}
    assert {"WATTPROOF_CONFIG", "WATTPROOF_BROKER_HOST", "WATTPROOF_STORE_ENGINE"} <= environment_names()
    assert samples.keys() <= environment_names()
    assert load(None, samples).log.format == "json"


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD), {"WATTPROOF_STORE_INFLUX_TOKEN": "t0ken"})
    text = json.dumps(shown(config))
    assert "secret" not in text
    assert "t0ken" not in text
    assert shown(Config())["broker"]["password"] == ""


def test_the_file_is_the_options_then_the_variables_then_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_file(None, {}) is None
    write(tmp_path, GOOD)
    assert find_file(None, {}) == Path("wattproof.yaml")
    assert find_file(None, {"WATTPROOF_CONFIG": "other.yaml"}) == Path("other.yaml")
    assert find_file(Path("mine.yaml"), {"WATTPROOF_CONFIG": "other.yaml"}) == Path("mine.yaml")


def test_a_gateways_broker_takes_its_password_from_the_environment() -> None:
    broker = broker_from(Broker(host="broker.example"), {"WATTPROOF_BROKER_PASSWORD": "secret"})
    assert broker == Broker(host="broker.example", password="secret")


def test_config_show_prints_yaml_or_json_of_what_is_in_force(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    as_yaml = wattproof("-c", str(file), "config", "show")
    as_json = wattproof("-c", str(file), "config", "show", "--json")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)
    assert json.loads(as_json.stdout)["api"]["port"] == 9000


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["-c", "absent.yaml", "config", "show"], {}, "absent.yaml: no such configuration file; check the path"),
        (["config", "show"], {"WATTPROOF_API_PORT": "x"}, "environment variable WATTPROOF_API_PORT: expected `int`"),
        (["evaluate", "absent.yaml"], {}, "absent.yaml"),
        (["edge", "run", "absent.yaml"], {}, "absent.yaml"),
        (["simulate", "absent.yaml"], {}, "absent.yaml"),
        (["demo", "--store", "oracle"], {}, "--store oracle: use duck or influx"),
        (["demo", "--store", "influx"], {}, "--store influx and --influx-url URL belong together"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: list[str], env: dict[str, str], said: str
) -> None:
    ended = wattproof(*arguments, env=env, cwd=tmp_path)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith("wattproof: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
