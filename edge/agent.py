"""The agent: polls a site's devices, keeps every reading in the outbox, and publishes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from edge.births import birth_of
from edge.clock import Timekeeper, now_ms
from edge.crew import Crew
from edge.flushing import Flusher
from edge.operations import VitalSigns, attend
from edge.outbox import Outbox
from edge.outbox_limits import DAY_MS
from edge.publisher import Publisher
from edge.reload import SiteWatch
from edge.site import Site
from edge.splits import Splits
from edge.steadiness import steady
from telemetry import Acceptance, Broker, Quality, TelemetryError

log = structlog.get_logger()

_FIRST_REPORT_S: Final = 1.0
_REPORT_EVERY_S: Final = 10.0
_NO_ERRORS: Final[dict[Quality, int]] = {reason: 0 for reason in Quality if reason is not Quality.GOOD}
"""Every counter is told from the start: a first error is a rise from 0."""
_ERROR_CHANNELS: Final = tuple(reason.error_channel for reason in _NO_ERRORS)
_AT_ONCE: Final = 50

BrokerOf = Callable[[Broker], Broker]
"""Where to publish, given the broker that the site file names."""
AcceptanceOf = Callable[[], Acceptance | None]


def as_named(broker: Broker) -> Broker:
    """The site file's own word."""
    return broker


def no_record() -> None:
    """A gateway that nobody has commissioned."""


class Summary(msgspec.Struct, frozen=True):
    """What a gateway's run comes to [readings, unless said otherwise]; the first five are its outbox's own ledger.

    Parameters
    ----------
    site, gateway
        Who.
    read, stored, quarantined, outbox, gaps
        Ever put into the outbox; acknowledged as stored, and as safe but set aside; still waiting; declared as gaps.
        ``read = stored + quarantined + outbox + gaps``.
    undeclared
        Lost, and not even a gap could be committed.
    errors
        Errors of this run by reason, over all devices.
    """

    site: str
    gateway: str
    read: int
    stored: int
    quarantined: int
    outbox: int
    gaps: int
    undeclared: int
    errors: dict[str, int]


async def run_agent(
    site: Site,
    *,
    data_dir: Path,
    stop: asyncio.Event,
    drain_s: float,
    broker_of: BrokerOf = as_named,
    reload: SiteWatch | None = None,
    on_start: Callable[[Agent], None] = lambda _: None,
    acceptance: AcceptanceOf = no_record,
) -> Summary:
    """Run a gateway until it is told to stop. Devices, buses and brokers that cannot be reached are no reason to end.

    Parameters
    ----------
    site
        What to read; from `load_site`.
    data_dir
        Where the outbox lives (``outbox.sqlite``), and what is remembered of devices and clock; made when missing.
    stop
        Ends polling when set.
    drain_s
        How long to wait, after that, for what is read to be acknowledged [s].
    broker_of
        Where to publish, given the broker that the site file names now.
    reload
        Tells when the site file has changed: what is new is polled from then on, what is unchanged goes on undisturbed.
    on_start
        Given the agent when it is at work, for whoever shows how it fares.
    acceptance
        Reads the record of its commissioning, to be sent with its birth; asked at the start and at every change.

    Raises
    ------
    OutboxError
        When the outbox cannot be opened.
    CertificateError
        When a certificate file of the broker's settings is unusable.
    """
    outbox = await asyncio.to_thread(_outbox_of, site, data_dir / "outbox.sqlite")
    try:
        agent = Agent(site, outbox, data_dir, broker_of, acceptance)
        try:
            on_start(agent)
            await agent.work(stop, reload)
            if not await asyncio.to_thread(agent.publisher.drained, drain_s):
                log.info("outbox_waits", gateway=site.gateway, batches=outbox.counters.batches)
        finally:
            await asyncio.to_thread(agent.publisher.stop)
        return agent.summary()
    finally:
        outbox.close()


class Agent:
    """A gateway at work: its pollers, its flusher and its publisher around one outbox.

    Parameters
    ----------
    site, outbox, data_dir, broker_of, acceptance
        As for `run_agent`.
    """

    def __init__(
        self,
        site: Site,
        outbox: Outbox,
        data_dir: Path,
        broker_of: BrokerOf = as_named,
        acceptance: AcceptanceOf = no_record,
    ) -> None:
        self.site = site
        self.outbox = outbox
        self.clock = Timekeeper(data_dir / "clock.json", used_to=outbox.latest)
        self._broker_of = broker_of
        self._acceptance = acceptance
        self._broker, self._birth = broker_of(site.broker), birth_of(site, outbox.epoch, now_ms(), acceptance())
        self.publisher = Publisher(outbox, self._broker, self._birth)
        self.publisher.start()
        self.flusher = Flusher(outbox, self._wake, lambda: self.clock.state)
        self.crew = Crew(self.flusher, self.clock, Splits(data_dir))

    async def work(self, stop: asyncio.Event, reload: SiteWatch | None = None) -> None:
        """Poll, report and flush until `stop`; what was read is committed, whatever ends the work."""
        done = asyncio.Event()
        flushing = asyncio.create_task(self.flusher.run(self.site.flush_ms / 1000, done))
        beside = [asyncio.create_task(self._report()), asyncio.create_task(attend(self.signs(), self.site.endpoint))]
        if reload is not None:
            beside.append(asyncio.create_task(self._follow(reload)))
        stopping = [asyncio.create_task(stop.wait()), asyncio.create_task(self.crew.failed.wait())]
        self.crew.poll(self.site)
        log.info("agent_started", site=self.site.site.id, gateway=self.site.gateway, buses=len(self.site.buses))
        try:
            with steady():
                await asyncio.wait([flushing, *beside, *stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*beside, *stopping):
                task.cancel()
            outcomes = await asyncio.gather(*beside, return_exceptions=True)
            try:
                await self.crew.end()
            finally:
                done.set()
                await flushing
                await asyncio.to_thread(self.clock.save)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def signs(self) -> VitalSigns:
        """What tells how it fares."""
        return VitalSigns(
            self.outbox,
            lambda: self.publisher,
            lambda: self.crew.devices,
            lateness_s=lambda: self.crew.lateness.quantile_ms(0.99) / 1000,
            longest_period_s=lambda: max((device.pace.fast_ms for device in self.crew.devices), default=0) / 1000,
        )

    async def change(self, site: Site) -> None:
        """Go over to another site file's word, without dropping a poll of what is the same in both."""
        old = self.site
        if (site.site.id, site.gateway) != (old.site.id, old.gateway):
            _refuse(f"the gateway cannot become {site.site.id}/{site.gateway} while it runs; restart it for that")
            return
        try:
            broker, acceptance = await asyncio.to_thread(lambda: (self._broker_of(site.broker), self._acceptance()))
            birth = birth_of(site, self._birth.epoch, self._birth.started, acceptance)
            if told_anew := (broker, birth) != (self._broker, self._birth):
                birth = msgspec.structs.replace(birth, epoch=self.outbox.epoch, started=now_ms())
                successor = Publisher(self.outbox, broker, birth)
        except TelemetryError as error:
            _refuse(f"broker: {error}")
            return
        self.site = site
        self.crew.poll(site)
        self.flusher.every_s = site.flush_ms / 1000
        self.outbox.limit(*_limits(site))
        if told_anew:
            await asyncio.to_thread(self.publisher.stop)
            self.publisher, self._broker, self._birth = successor, broker, birth
            successor.start()
        if site.endpoint != old.endpoint:
            log.warning("endpoint_unchanged", says="`endpoint` takes effect when the agent is started anew")
        devices = sum(len(bus.devices) for bus in site.buses)
        log.info("site_reloaded", buses=len(site.buses), devices=devices)

    def summary(self) -> Summary:
        """What the run comes to."""
        counters = self.outbox.counters
        errors: Counter[Quality] = Counter()
        for device in self.crew.devices:
            errors += device.health.errors
        return Summary(
            site=self.site.site.id,
            gateway=self.site.gateway,
            read=counters.read,
            stored=counters.stored,
            quarantined=counters.quarantined,
            outbox=counters.pending,
            gaps=counters.gap,
            undeclared=self.flusher.undeclared,
            errors={reason.value: count for reason, count in sorted(errors.items())},
        )

    def _wake(self) -> None:
        self.publisher.wake()  # whichever it is now

    async def _follow(self, reload: SiteWatch) -> None:
        async for site in reload.changes():
            await self.change(site)

    async def _report(self) -> None:
        """What the gateway tells of itself, on the same road as what it reads."""
        await asyncio.sleep(_FIRST_REPORT_S)
        while True:
            at, counters = self.clock.stamp(), self.outbox.counters
            if at is not None:
                own = {
                    "outbox_depth_count": float(counters.batches),
                    "outbox_bytes": float(counters.bytes),
                    "lateness_ms": self.crew.lateness.take_worst_ms(),
                    "readings_count": float(counters.read),
                }
                self.flusher.add(self.site.gateway, "gateway", at, own)
                for number, device in enumerate(self.crew.devices):
                    errors = {**_NO_ERRORS, **device.health.errors}
                    self.flusher.add_row(
                        device.id, "link", _ERROR_CHANNELS, at, [float(errors[reason]) for reason in _NO_ERRORS]
                    )
                    if number % _AT_ONCE == 0:
                        await asyncio.sleep(0)  # polls go between
            await asyncio.to_thread(self.clock.save)
            await asyncio.sleep(_REPORT_EVERY_S)


def _refuse(why: str) -> None:
    log.error("site_refused", says=f"{why}. The site as it was before goes on.")


def _limits(site: Site) -> tuple[int, int]:
    """How much [bytes] and how long [ms] the outbox may keep."""
    return site.outbox.max_mb * 1024 * 1024, site.outbox.max_days * DAY_MS


def _outbox_of(site: Site, path: Path) -> Outbox:
    most_bytes, most_ms = _limits(site)
    return Outbox(path, site.site.id, site.gateway, max_bytes=most_bytes, max_age_ms=most_ms)
