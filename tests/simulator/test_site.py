from __future__ import annotations

from pathlib import Path

from edge.site import load_site
from simulator import Factory, site_document
from telemetry import Broker, Tls

LINKS = {
    "incoming": "tcp://127.0.0.1:41001",
    "hall": "tcp://127.0.0.1:41002",
    "plc": "tcp://127.0.0.1:41003",
    "rs485": "rtu:///dev/pts/3?baud=9600",
}


def test_the_edge_reads_the_site_file_the_simulator_writes(factory: Factory, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    broker = Broker(port=1884, username="gw-1", password='p"a: {s}#s', tls=Tls(ca="/etc/ca.pem"), protocol="5")
    path.write_text(site_document(factory, LINKS, broker, gateway="gw-7"), encoding="utf-8")
    site = load_site(path)
    assert (site.site.id, site.site.name, site.gateway) == ("gimpo-demo", "김포 가상공장", "gw-7")
    assert site.broker == broker
    assert {bus.name: bus.url for bus in site.buses} == LINKS
    units = {(bus.name, device.id, device.unit) for bus in site.buses for device in bus.devices}
    assert units == {(device.link, device.id, device.unit) for device in factory.file.devices}


def test_a_broker_without_tls_has_none_in_the_site_file(factory: Factory, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(site_document(factory, LINKS, Broker()), encoding="utf-8")
    assert load_site(path).broker == Broker()
