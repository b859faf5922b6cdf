"""Refusing: what a message and the store do not take, as the quarantine keeps it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from collector.inbox import Delivery
from collector.intake import Intake
from collector.refusals import Reason, Refusal, part_content
from storage import Rejected
from telemetry import BATCH, topic


def filed(delivery: Delivery, intake: Intake) -> list[tuple[Delivery, Sequence[Refusal]]]:
    """Refusals with the topic under which they are kept."""
    if not intake.filed or not intake.refusals:
        return [(delivery, intake.refusals)] if intake.refusals else []
    whole = [refusal for refusal in intake.refusals if not refusal.part]
    came = f" (came under {delivery.topic})"
    parts = [refusal._replace(detail=refusal.detail + came) for refusal in intake.refusals if refusal.part]
    sorted_ = [(delivery, whole), (delivery._replace(topic=intake.filed), parts)]
    return [(each, refusals) for each, refusals in sorted_ if refusals]


def rejected(delivery: Delivery, found: Rejected) -> tuple[Delivery, Sequence[Refusal]]:
    """What the store has rejected, with the topic of its batch."""
    batch = found.batch
    return delivery._replace(topic=topic(batch.site, batch.gateway, BATCH)), [refused_by_store(found)]


def refused_by_store(rejected: Rejected) -> Refusal:
    """Refuse what the store has rejected, with the readings (or the gap) as content."""
    series = rejected.series
    content = b""
    for table in rejected.batch.tables:
        if (table.kind, table.device) == (series.kind, series.device) and series.channel in table.names:
            column = table.columns[series.channel]
            found = [(time, value) for time, value in zip(table.times, column, strict=True) if value is not None]
            content = part_content(table.kind, table.device, series.channel, found)
    what = "" if rejected.readings else "gap "
    if what:
        for gap in rejected.batch.gaps:
            if (gap.kind, gap.device, gap.channel) == (series.kind, series.device, series.channel):
                content = msgspec.json.encode(gap)
    part = f"{what}{series.kind}/{series.device}/{series.channel}"
    reason = Reason.TYPE_CONFLICT if "type conflict" in rejected.reason.lower() else Reason.STORE
    return Refusal(reason, rejected.reason, part, rejected.readings, content)
