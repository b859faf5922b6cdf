"""How a gateway is at one moment: what is wrong with it in words, and its figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vitals:
    """How the gateway is at one moment.

    Attributes
    ----------
    connected
        Whether batches can leave now.
    read, stored, quarantined, gaps
        The outbox's ledger [readings].
    depth, bytes
        Waiting in the outbox [batches], [bytes].
    oldest_age_s
        How long the oldest waiting batch has waited [s]; 0 with none.
    published, acked
        Batches sent (again counts again) and acknowledged, since start.
    lateness_s
        What 99 % of all polls of healthy devices began late at most [s].
    poll_age_s
        Time since a device last answered [s]; None before the first.
    errors
        Errors since start, by device and reason.
    id_twice
        Whether another client took this gateway's place at the broker of late.
    held
        Batches that wait because they are larger than the broker takes.
    """

    connected: bool
    read: int
    stored: int
    quarantined: int
    gaps: int
    depth: int
    bytes: int
    oldest_age_s: float
    published: int
    acked: int
    lateness_s: float
    poll_age_s: float | None
    errors: dict[tuple[str, str], int] = field(default_factory=dict)
    id_twice: bool = False
    held: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """When a gateway counts as unwell [s]."""

    outbox_age_s: float = 300.0
    poll_age_s: float = 60.0


def complaints(vitals: Vitals, limits: Limits) -> list[str]:
    """What is wrong with the gateway, in words; nothing when it is well."""
    found = []
    if not vitals.connected:
        found.append("not connected to the broker")
    if vitals.id_twice:
        found.append("another client logs in at the broker under this gateway's id")
    if vitals.held:
        found.append("the broker refuses large batches: raise its limit (mosquitto: max_packet_size)")
    if vitals.oldest_age_s > limits.outbox_age_s:
        found.append(f"readings wait in the outbox for {vitals.oldest_age_s:.0f} s")
    if vitals.poll_age_s is None:
        found.append("no device has answered yet")
    elif vitals.poll_age_s > limits.poll_age_s:
        found.append(f"no device has answered for {vitals.poll_age_s:.0f} s")
    return found


def exposition(vitals: Vitals) -> str:
    """The figures in Prometheus' text format 0.0.4."""
    errors = [({"device": device, "reason": reason}, float(count)) for (device, reason), count in vitals.errors.items()]
    lines: list[str] = []
    for name, kind, help_, value in (
        ("readings_total", "counter", "Readings taken, as values or as declared gaps.", vitals.read),
        ("readings_stored_total", "counter", "Readings the collector has stored.", vitals.stored),
        ("readings_quarantined_total", "counter", "Readings the collector has set aside.", vitals.quarantined),
        ("readings_lost_total", "counter", "Readings lost and declared as gaps.", vitals.gaps),
        ("batches_published_total", "counter", "Batches sent since start; again counts again.", vitals.published),
        ("batches_acked_total", "counter", "Batches acknowledged by the collector since start.", vitals.acked),
        ("broker_connected", "gauge", "1 while batches can leave.", float(vitals.connected)),
        ("id_twice", "gauge", "1 while another client uses this gateway's id.", float(vitals.id_twice)),
        ("outbox_batches", "gauge", "Batches waiting in the outbox.", vitals.depth),
        ("outbox_held_batches", "gauge", "Batches larger than the broker takes.", vitals.held),
        ("outbox_bytes", "gauge", "Bytes waiting in the outbox.", vitals.bytes),
        ("outbox_oldest_age_seconds", "gauge", "Age of the oldest waiting batch.", vitals.oldest_age_s),
        ("poll_lateness_p99_seconds", "gauge", "What 99 % of polls began late at most.", vitals.lateness_s),
    ):
        lines += _family(name, kind, help_, [({}, float(value))])
    if vitals.poll_age_s is not None:
        lines += _family("poll_age_seconds", "gauge", "Time since a device last answered.", [({}, vitals.poll_age_s)])
    lines += _family("read_errors_total", "counter", "Errors since start, by device and reason.", errors)
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, help_: str, samples: Iterable[tuple[dict[str, str], float]]) -> list[str]:
    name = f"wattproof_edge_{name}"
    lines = [f"# HELP {name} {help_}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value:.17g}" if inside else f"{name} {value:.17g}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
