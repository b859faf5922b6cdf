from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from telemetry import InvalidNameError
from wattproof.certificates import ProvisionError, hosts_of
from wattproof.provision import client_name, generate

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SITES = {"gimpo-demo": ["gw-1"]}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_everything_a_broker_and_its_clients_need_is_there_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    done = generate(tmp_path, SITES, now=NOW)
    assert done.clients == ["api", "collector", "gimpo-demo.gw-1", "health"]
    broker = ("broker/acl", "broker/ca.crt", "broker/mosquitto.conf", "broker/server.crt", "broker/server.key")
    clients = [f"clients/{name}/{file}" for name in done.clients for file in ("ca.crt", "client.crt", "client.key")]
    assert sorted(files(tmp_path)) == sorted(["ca/ca.crt", "ca/ca.key", *broker, *clients])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_dir()} == {0o700}
    assert sorted(done.created) == sorted(files(tmp_path))


def test_a_second_run_changes_no_byte(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    before = files(tmp_path)
    done = generate(tmp_path, SITES, now=NOW + dt.timedelta(days=30))
    assert files(tmp_path) == before
    assert (done.created, done.changed) == ([], [])


def test_a_further_gateway_leaves_the_others_and_their_rights_alone(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    before = files(tmp_path)
    done = generate(tmp_path, {"busan": ["gw-9"]}, now=NOW)
    assert done.changed == ["broker/acl"]
    assert {name: text for name, text in files(tmp_path).items() if name in before and name != "broker/acl"} == {
        name: text for name, text in before.items() if name != "broker/acl"
    }
    acl = (tmp_path / "broker" / "acl").read_text()
    assert "user gimpo-demo.gw-1\n" in acl
    assert "user busan.gw-9\n" in acl


def test_a_client_whose_folder_is_removed_loses_its_rights(tmp_path: Path) -> None:
    generate(tmp_path, {"gimpo-demo": ["gw-1", "gw-2"]}, now=NOW)
    for file in (tmp_path / "clients" / "gimpo-demo.gw-2").iterdir():
        file.unlink()
    (tmp_path / "clients" / "gimpo-demo.gw-2").rmdir()
    generate(tmp_path, SITES, now=NOW)
    assert "gw-2" not in (tmp_path / "broker" / "acl").read_text()


def test_a_new_host_gets_a_new_server_certificate_for_the_same_key(tmp_path: Path) -> None:
    generate(tmp_path, SITES, hosts=["mosquitto"], now=NOW)
    key = (tmp_path / "broker" / "server.key").read_bytes()
    done = generate(tmp_path, SITES, hosts=["mosquitto", "192.0.2.7"], now=NOW)
    assert done.changed == ["broker/server.crt"]
    assert (tmp_path / "broker" / "server.key").read_bytes() == key
    names = certificate(tmp_path / "broker" / "server.crt").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(name.value) for name in names.value] == ["mosquitto", "192.0.2.7"]


def test_the_hosts_of_the_last_run_are_kept_when_none_are_given(tmp_path: Path) -> None:
    generate(tmp_path, SITES, hosts=["mosquitto", "broker.example", "broker.example"], now=NOW)
    before = (tmp_path / "broker" / "server.crt").read_bytes()
    generate(tmp_path, {"busan": ["gw-9"]}, now=NOW)
    assert (tmp_path / "broker" / "server.crt").read_bytes() == before
    assert hosts_of(tmp_path / "broker" / "server.crt") == ["mosquitto", "broker.example"]


def test_an_empty_list_of_hosts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="name at least one address"):
        generate(tmp_path, SITES, hosts=[], now=NOW)


def test_certificates_about_to_run_out_are_issued_anew_for_the_same_key(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    key = (tmp_path / "clients" / "collector" / "client.key").read_bytes()
    later = NOW + dt.timedelta(days=1825 - 59)
    done = generate(tmp_path, SITES, now=later)
    assert "clients/collector/client.crt" in done.changed
    assert (tmp_path / "clients" / "collector" / "client.key").read_bytes() == key
    assert certificate(tmp_path / "clients" / "collector" / "client.crt").not_valid_after_utc > later
    assert "ca/ca.crt" in done.kept


def test_replace_makes_a_new_authority_and_new_keys(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    before = files(tmp_path)
    generate(tmp_path, SITES, replace=True, now=NOW)
    after = files(tmp_path)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {name for name in after if name not in {"broker/acl", "broker/mosquitto.conf"}}
    certificate(tmp_path / "clients" / "api" / "client.crt").verify_directly_issued_by(
        certificate(tmp_path / "ca" / "ca.crt")
    )


def test_without_the_authoritys_key_what_is_there_is_kept_and_something_new_is_refused(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    (tmp_path / "ca" / "ca.key").unlink()
    assert generate(tmp_path, SITES, now=NOW).created == []
    with pytest.raises(ProvisionError, match=r"ca\.key is missing.*put the key back"):
        generate(tmp_path, {"gimpo-demo": ["gw-2"]}, now=NOW)


def test_an_authority_that_has_expired_is_named(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    with pytest.raises(ProvisionError, match=r"ca\.crt has expired"):
        generate(tmp_path, SITES, now=NOW + dt.timedelta(days=3651))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("ca/ca.crt", "hello", "ca.crt is no certificate in PEM form"),
        ("ca/ca.key", "hello", "ca.key is no private key in PEM form"),
        ("broker/server.key", "hello", "server.key is no private key in PEM form"),
    ],
)
def test_a_damaged_file_is_named_and_not_overwritten(tmp_path: Path, file: str, text: str, message: str) -> None:
    generate(tmp_path, SITES, now=NOW)
    (tmp_path / file).write_text(text)
    with pytest.raises(ProvisionError, match=message):
        generate(tmp_path, SITES, now=NOW)
    assert (tmp_path / file).read_text() == text


def test_the_authoritys_key_must_be_its_own(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    (tmp_path / "ca" / "ca.key").write_bytes((tmp_path / "broker" / "server.key").read_bytes())
    with pytest.raises(ProvisionError, match=r"is not the key of"):
        generate(tmp_path, SITES, now=NOW)


@pytest.mark.parametrize("service", ["Collector", "grafana", "collector_2", "api.x"])
def test_a_service_of_another_name_is_refused_before_anything_is_written(tmp_path: Path, service: str) -> None:
    with pytest.raises(ProvisionError, match="use collector, api, health or foreign"):
        generate(tmp_path / "broker", SITES, services=[service], now=NOW)
    assert not (tmp_path / "broker").exists()


def test_a_gateway_that_is_no_id_is_refused() -> None:
    with pytest.raises(InvalidNameError, match=r"gateway '#' cannot be used"):
        client_name("gimpo-demo", "#")
    with pytest.raises(ProvisionError, match="at most 64"):
        client_name("a" * 40, "b" * 40)


def test_a_folder_among_the_clients_that_is_no_client_is_named(tmp_path: Path) -> None:
    generate(tmp_path, SITES, now=NOW)
    (tmp_path / "clients" / "some thing").mkdir()
    with pytest.raises(InvalidNameError, match="some thing"):
        generate(tmp_path, SITES, now=NOW)


def test_a_publisher_and_its_topics_stay_and_are_added_to(tmp_path: Path) -> None:
    generate(tmp_path, SITES, publishers={"press-meter": ["tele/press-1/SENSOR"]}, now=NOW)
    done = generate(tmp_path, SITES, publishers={"press-meter": ["tele/press-1/STATE"]}, now=NOW)
    assert "foreign" in done.clients
    assert set(done.changed) == {"broker/acl", "clients/press-meter/topics"}
    acl = (tmp_path / "broker" / "acl").read_text()
    assert "user press-meter\ntopic write tele/press-1/SENSOR\ntopic write tele/press-1/STATE\n" in acl
    assert "user foreign\ntopic read tele/press-1/SENSOR\ntopic read tele/press-1/STATE\n" in acl
    assert generate(tmp_path, SITES, now=NOW).changed == []


def test_without_publishers_there_is_no_second_collector_and_nobody_may_tell_births_for_others(tmp_path: Path) -> None:
    assert "foreign" not in generate(tmp_path, SITES, now=NOW).clients
    assert "topic read wattproof/1/+/+/birth" in (tmp_path / "broker" / "acl").read_text()


@pytest.mark.parametrize(
    "topic",
    ["", "#", "+/SENSOR", "wattproof/1/a/b/batch", "$SYS/#", "a b", "a\ntopic readwrite #", "a/b+", "a/#/b", "a#"],
)
def test_a_topic_that_opens_more_than_a_publishers_own_is_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(ProvisionError, match="topic"):
        generate(tmp_path / "new", SITES, publishers={"meter": [topic]})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["collector", "api-2", "foreign"])
def test_a_publisher_does_not_take_a_name_of_ours(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProvisionError, match="a name of WattProof's own"):
        generate(tmp_path / "new", SITES, publishers={name: ["a/b"]})
