"""What can be wrong at the edge.

EdgeError
├── UnknownProfileError      no device profile has this name
├── EncodeError              a value that a device's register cannot hold
├── OutboxError              the outbox's file cannot be used: in use, another gateway's, unreadable
│   └── OutboxFullError      no room on the disk: nothing of this was accepted, everything accepted before is safe
└── LinkError                a read that gave no value; carries the reason it is counted under
    ├── ConnectError         the way to the device could not be opened
    ├── NoReplyError         no answer in time
    ├── ExceptionReplyError  the device answered: I will not (a Modbus exception)
    ├── FrameError           an answer that is broken or belongs to another question
    └── StaleReplyError      an answer that may belong to an earlier question

A site file or a profile that breaks its model is a ``telemetry.DocumentError``: source, line, field, problem.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from telemetry import Quality


class EdgeError(Exception):
    """Anything wrong at the edge; the text says what, where and what to do."""


class UnknownProfileError(EdgeError):
    """A device profile that is neither built in nor a readable file."""


class EncodeError(EdgeError, ValueError):
    """A value that the profile's register cannot hold."""


class OutboxError(EdgeError):
    """The outbox's file cannot be used: in use by another process, of another gateway, or the disk fails."""


class OutboxFullError(OutboxError):
    """The disk has no room: nothing of this was accepted, everything accepted before is safe."""


class LinkError(EdgeError):
    """A read that gave no value.

    Parameters
    ----------
    message
        What happened and where.
    advice
        What a technician can do about it, a sentence; the kind of error has one of its own.

    Attributes
    ----------
    quality
        The reason it is counted under.
    """

    quality: ClassVar[Quality] = Quality.TIMEOUT
    usual_advice: ClassVar[str] = ""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice or self.usual_advice


class ConnectError(LinkError):
    """The way to the device could not be opened: refused, no such host, no such serial port."""

    quality = Quality.CONNECT
    usual_advice = "Check the bus's url, the cable, and that no other program holds it."


class NoReplyError(LinkError):
    """The device did not answer in time."""

    quality = Quality.TIMEOUT
    usual_advice = "Check address and wiring."


def exception_kind(code: int) -> Literal["request", "busy", "gateway"]:
    """What a Modbus exception is about: the request (1-3), the device's state (4-8), or a gateway's line (10, 11).

    Source: MODBUS Application Protocol Specification V1.1b3, section 7.
    """
    return "busy" if 4 <= code <= 8 else "gateway" if code in {10, 11} else "request"


class ExceptionReplyError(LinkError):
    """The device answered with a Modbus exception.

    Parameters
    ----------
    message
        What happened, with the exception's name.
    code
        The exception code, e.g. 2 for "illegal data address".
    """

    quality = Quality.EXCEPTION
    usual_advice = "Check the profile's addresses and functions against the device's manual."
    busy_advice: ClassVar[str] = (
        "The device cannot answer just now: check the unit number and the device's display; restart it if this stays."
    )
    gateway_advice: ClassVar[str] = (
        "The gateway in between answers, the device behind it does not: check unit number, power and A/B wires."
    )

    def __init__(self, message: str, code: int) -> None:
        super().__init__(
            message, {"busy": self.busy_advice, "gateway": self.gateway_advice}.get(exception_kind(code), "")
        )
        self.code = code


class FrameError(LinkError):
    """An answer that is broken (CRC, length) or belongs to another question."""

    quality = Quality.FRAME
    usual_advice = (
        "Check wiring, termination and that no second master and no second device with this address is on the bus."
    )


class StaleReplyError(LinkError):
    """An answer that may belong to an earlier question: the device answers later than the timeout."""

    quality = Quality.STALE
    usual_advice = "Raise the bus's timeout_ms above the device's slowest answer."
