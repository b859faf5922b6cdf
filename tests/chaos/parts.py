"""What a ledger of a run must say, and talking over a faulty line."""

from __future__ import annotations

import socket
from typing import Any, Final

from chaos.ledger import MUST_BE_NONE, Ledger
from chaos.proxy import Proxy

CLEAN: Final = Ledger(
    store="duck",
    server="",
    seed=7,
    faults={"cut": 2, "kill": 2},
    seconds=61.4,
    missed={"cut": 1},
    kills={"broker": 2},
    ended_itself={"gw-1": 1},
    ended_badly={"broker": 1},
    hung=0,
    bytes_altered=5,
    recovery_s=1.5,
    read=1234,
    stored=1230,
    outbox=0,
    quarantined=0,
    gaps=4,
    gaps_stored=0,
    unbalanced=0,
    lost=0,
    altered=0,
    duplicated=0,
    invented=0,
    uncommitted=3,
    uncommitted_ms=41.0,
    undeclared=0,
    unfounded=0,
    refused=1,
    caught=2,
    unread=0,
    findings=[],
)
"""What a ledger of a short clean run may say."""


def check_clean(ledger: dict[str, Any]) -> None:
    assert ledger["findings"] == []
    assert {name: ledger[name] for name in MUST_BE_NONE if ledger[name]} == {}
    assert ledger["read"] == ledger["stored"] + ledger["outbox"] + ledger["quarantined"] + ledger["gaps"]
    assert ledger["stored"] > 100
    assert sum(ledger["kills"].values()) > 0
    assert ledger["bytes_altered"] > 0


def connected(line: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port), timeout=20)


def echoed(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    received = b""
    while len(received) < len(data) and (more := connection.recv(65_536)):
        received += more
    return received
