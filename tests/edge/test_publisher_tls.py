"""Client certificates that are replaced while the gateway runs, against a real mosquitto that asks for them."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.outbox import Outbox
from edge.publisher import Publisher
from telemetry import Birth, Broker, Table, Tls
from tests.parts import free_port, program, running, wait_until
from tests.test_mqtt_tls import Authority

BIRTH = Birth("site-1", "gw-1", "", 1, "0", "Site", "Asia/Seoul", [])


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.certificates._LOOK_S", 0.05)


class Site:
    """A mosquitto that asks for certificates and logs who comes, and the files of one gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder, "authority")
        self.port = free_port()
        self.log = folder / "mosquitto.log"
        certificate, key = self.authority.issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
        config = f"""listener {self.port} 127.0.0.1
cafile {self.authority.file}
certfile {certificate}
keyfile {key}
require_certificate true
use_identity_as_username true
user root
log_type all
"""
        (folder / "mosquitto.conf").write_text(config, encoding="utf-8")
        self.certificate, self.key = folder / "gateway.pem", folder / "gateway.key"
        self.broker = Broker(port=self.port, tls=Tls(str(self.authority.file), str(self.certificate), str(self.key)))

    def issue(self, name: str, lasts_s: float = 86400) -> None:
        """Put a new certificate and key in place."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.authority.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(seconds=lasts_s))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self.authority.key, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @contextlib.contextmanager
    def mosquitto(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]
        with running(command, self.port, self.log) as process:
            yield process

    def came(self, name: str) -> int:
        """How often somebody logged in under this certificate's name."""
        return self.log.read_text(errors="replace").count(f"u'{name}'")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@contextlib.contextmanager
def gateway(site: Site) -> Iterator[tuple[Outbox, Publisher]]:
    outbox = Outbox(site.folder / "outbox.sqlite", "site-1", "gw-1")
    publisher = Publisher(outbox, site.broker, BIRTH)
    publisher._session.client.reconnect_delay_set(1, 1)
    publisher.start()
    try:
        yield outbox, publisher
    finally:
        publisher.stop()
        outbox.close()


def test_a_renewed_certificate_is_used_within_moments_and_nothing_is_restarted(site: Site) -> None:
    site.issue("first")
    with site.mosquitto(), gateway(site) as (outbox, publisher):
        wait_until(lambda: publisher.connected, "the gateway is connected")
        assert (site.came("first"), site.came("second")) == (1, 0)
        outbox.put([Table.of("main", "power_meter", [1], {"active_power_w": [1.0]})])
        site.issue("second")
        wait_until(lambda: site.came("second"), "the gateway comes back under its new certificate")
        wait_until(lambda: publisher.connected, "and is connected")
        assert outbox.counters.pending == 1


def test_a_certificate_that_expired_is_replaced_and_the_gateway_comes_back_by_itself(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        with site.mosquitto():
            site.issue("first")
            _, publisher = stack.enter_context(gateway(site))
            wait_until(lambda: publisher.connected, "the gateway is connected while its certificate lasts")
        wait_until(lambda: not publisher.connected, "the broker is gone")
        site.issue("first", lasts_s=-60)  # no machine is too slow for one that has expired already
        with site.mosquitto():
            wait_until(lambda: "certificate verify failed" in site.log.read_text(errors="replace"), "it is refused")
            assert not publisher.connected
            site.issue("second")
            wait_until(lambda: publisher.connected, "the gateway comes back under its new certificate")
            assert site.came("second") == 1


def test_files_that_do_not_fit_together_are_told_once_and_the_connection_stays(site: Site) -> None:
    site.issue("first")
    with site.mosquitto(), structlog.testing.capture_logs() as logs, gateway(site) as (_, publisher):
        wait_until(lambda: publisher.connected, "the gateway is connected")
        key = site.key.read_bytes()
        site.issue("second")
        second = site.key.read_bytes()
        site.key.write_bytes(key)  # as between the two steps of a careless copy
        wait_until(lambda: any(e["event"] == "certificates_not_renewed" for e in logs), "the misfit is told")
        site.key.write_bytes(second)
        wait_until(lambda: site.came("second"), "the gateway comes back when both are there")
    assert [e["event"] for e in logs].count("certificates_renewed") == 1
