"""Setting aside: refusals into quarantine. One that fails holds up nothing but what it is to keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from collector.counters import Tally
from collector.errors import QuarantineError
from collector.inbox import Delivery
from collector.quarantine import Quarantine, Refused
from collector.refusals import Refusal

log = structlog.get_logger()

_AGAIN_S: Final = 2.0
"""A quarantine that failed is let alone for so long: waiting for it would hold up everything else [s]."""
_FORGOTTEN_S: Final = 180.0
"""What could not be set aside is sent again within 50 s; whoever still has it would have said so [s]."""


class SettingAside:
    """Keeps refusals of a commit's messages.

    Parameters
    ----------
    quarantine
        Where they are kept.
    tally
        Counts them.
    on_set_aside
        Told of what is new there: its topic and why.
    """

    def __init__(
        self, quarantine: Quarantine, tally: Tally, on_set_aside: Callable[[str, Sequence[Refusal]], None]
    ) -> None:
        self._quarantine = quarantine
        self._tally = tally
        self._on_set_aside = on_set_aside
        self._trouble = ""
        self._failed_at = 0.0

    @property
    def trouble(self) -> str:
        """What the quarantine said last; empty once it works, or nothing was to be kept for a while."""
        return self._trouble if time.monotonic() - self._failed_at < _FORGOTTEN_S else ""

    def keep(self, found: Sequence[tuple[Delivery, Sequence[Refusal]]]) -> bool:
        """Put refusals on the disk, all in one transaction: each waits for it.

        Returns
        -------
        bool
            False when the quarantine fails; none of these messages may be acknowledged then.
        """
        if not found:
            return True
        if self._trouble and time.monotonic() - self._failed_at < _AGAIN_S:
            return False
        try:
            added = self._quarantine.add_all(
                [Refused(each.topic, each.payload, each.received, refusals) for each, refusals in found]
            )
        except QuarantineError as error:
            if str(error) != self._trouble:
                log.critical(
                    "quarantine_failed", reason=str(error),
                    advice="what it is to keep is not acknowledged until it works; all else is stored",
                )  # fmt: skip
            self._trouble, self._failed_at = str(error), time.monotonic()
            return False
        if self._trouble:
            log.info("quarantine_recovered")
            self._trouble = ""
        for (delivery, _), new in zip(found, added, strict=True):
            if new:
                self._tell(delivery.topic, new)
        return True

    def _tell(self, topic: str, new: Sequence[Refusal]) -> None:
        readings = sum(refusal.readings for refusal in new)
        self._tally.add(quarantined_readings=readings, quarantined_messages=sum(not refusal.part for refusal in new))
        self._on_set_aside(topic, new)
        log.warning(
            "quarantined", topic=topic, reasons=sorted({refusal.reason.value for refusal in new}),
            detail=new[0].detail, part=new[0].part, readings=readings,
        )  # fmt: skip
