"""`wattproof demo`: a virtual factory and the whole of WattProof in one process tree."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

import api
import collector
import edge
import evaluation
import simulator
import storage
from telemetry import Broker
from wattproof import demo_plan, history, services
from wattproof.child import Child
from wattproof.commands.simulate import Ready
from wattproof.errors import StoppedError, UnavailableError
from wattproof.in_korean import Language
from wattproof.ledger import Latency, Ledger, Outcome, table
from wattproof.one_box import start_agent, start_broker

__all__ = ["Audience", "Options", "run", "table"]

_DEMAND_TARGET_KW = 280.0
_FOR_EVER = 10**15
"""A time after all readings [ms UTC]."""
_DRAIN_S = 10.0
_HURRIED_DRAIN_S = 0.5
"""Whoever presses Ctrl-C waits no longer than this for the last acknowledgements [s]."""


class Options(msgspec.Struct, frozen=True):
    """What a demo run is asked to do.

    Parameters
    ----------
    seconds
        How long to run live; ``None`` until stopped.
    host, port
        Of the web server.
    seed
        Of the virtual factory; ``None`` for its file's own.
    store
        Where readings go; ``None`` for an embedded store in `data_dir`.
    data_dir
        Where everything is kept; ``None`` for a folder that is gone at the end.
    language
        Of the pages, until a visitor chooses another.
    """

    seconds: float | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    seed: int | None = None
    store: storage.Settings | None = None
    data_dir: Path | None = None
    language: Language = "ko"


class Audience(Protocol):
    """Who watches the demo."""

    def say(self, word: str, *values: object) -> None:
        """One sentence of what happens, of those in `wattproof.demo_words`."""

    def progress(self, done: int, total: int) -> None:
        """So many of so many readings of the past are in the store; `total` is 0 while unknown."""


def run(options: Options, audience: Audience, stop: threading.Event) -> Ledger:
    """Run the demo until its time is up or `stop` is set, and account for every reading.

    Raises
    ------
    UnavailableError
        A port is in use, the store cannot be reached, or a part did not start.
    StoppedError
        `stop` was set before the factory ran.
    """
    with contextlib.ExitStack() as closing:
        folder = closing.enter_context(_folder(options.data_dir))
        now_ms = simulator.wall_clock()
        factory = simulator.load_factory("gimpo", seed=options.seed, now_ms=now_ms)
        users = start_broker(closing, folder, "127.0.0.1", 0)
        plan = _write_plan(factory, folder / "plans")
        _write_review(factory, folder / "reviews")
        _go_on(stop)
        box = closing.enter_context(_services(options, folder, users))
        _refuse_a_used_store(box.store, factory.file.site.id)
        audience.say("pages", box.web.url)
        _go_on(stop)
        virtual = _start_factory(closing, options.seed, now_ms, folder, stop)
        _go_on(stop)
        began = simulator.wall_clock()
        drain_s = _DRAIN_S if options.seconds is not None else _HURRIED_DRAIN_S
        agent = start_agent(closing, folder / "site.yaml", folder, users["gateway"], drain_s)
        past = history.send(factory, factory.begins_ms, began, users["gateway"], folder, stop, audience.progress)
        audience.say("past_is_stored")
        _wait(stop, options.seconds, (virtual, agent))
        audience.say("ending")
        live = agent.stop(edge.Summary, timeout_s=_DRAIN_S + 5)
        assert live is not None
        return _account(box, factory, plan, past, live)


def _account(
    box: services.Services, factory: simulator.Factory, plan: evaluation.Plan, past: history.Sent, live: edge.Summary
) -> Ledger:
    site = factory.file.site.id
    read, outbox = past.read + live.read, past.outbox + live.outbox
    gaps = past.gaps + live.gaps - storage.came_after_all(box.store, site, 0, _FOR_EVER)
    stored, quarantined = box.store.count(site), box.quarantine.counters.readings
    latency = box.collector.latency(live.gateway)
    return Ledger(
        read=read,
        stored=stored,
        outbox=outbox,
        quarantined=quarantined,
        gaps=gaps,
        lost=max(0, read - stored - outbox - quarantined - gaps) + live.undeclared,
        duplicates=box.store.duplicates(),
        latency_ms=Latency(latency.p50, latency.p99),
        evaluation=_outcome(box.store, factory, plan),
    )


def _outcome(store: storage.Store, factory: simulator.Factory, plan: evaluation.Plan) -> Outcome:
    reporting = factory.plan_windows().reporting
    truth = factory.truth(reporting.start_ms, reporting.end_ms)
    try:
        result = evaluation.evaluate(plan, store)
    except evaluation.EvaluationError:  # ended before all devices had told anything
        return Outcome(None, None, None, truth.saving_kwh, evaluation.Verdict.NOT_PROVABLE.value)
    saving = result.saving
    if saving is None:
        return Outcome(None, None, None, truth.saving_kwh, result.verdict.value)
    return Outcome(saving.kwh, saving.low, saving.high, truth.saving_kwh, result.verdict.value)


def _services(options: Options, folder: Path, users: dict[str, Broker]) -> services.Services:
    settings = options.store or storage.Settings(path=str(folder / "demo.duckdb"))
    web = api.Settings(
        host=options.host,
        port=options.port,
        plans=str(folder / "plans"),
        reviews=str(folder / "reviews"),
        demand_target_kw=_DEMAND_TARGET_KW,
        language=options.language,
    )
    store = services.open_store(settings)
    return services.Services(folder, store, collector.Settings(), users["collector"], web, users["api"], settings)


def _start_factory(
    closing: contextlib.ExitStack, seed: int | None, now_ms: int, folder: Path, stop: threading.Event
) -> Child:
    seeded = [] if seed is None else ["--seed", str(seed)]
    arguments = [
        "simulate",
        "gimpo",
        *seeded,
        "--now-ms",
        str(now_ms),
        "--site-file",
        str(folder / "site.yaml"),
    ]
    virtual = Child("simulator", arguments, folder / "logs")
    closing.callback(virtual.stop)
    virtual.ready(Ready, stop=stop)
    return virtual


def _write_plan(factory: simulator.Factory, folder: Path) -> evaluation.Plan:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / demo_plan.FILE
    file.write_text(demo_plan.plan_document(factory), encoding="utf-8")
    return evaluation.load_plan(file)


def _write_review(factory: simulator.Factory, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{factory.file.site.id}.yaml").write_text(demo_plan.REVIEW, encoding="utf-8")


def _refuse_a_used_store(store: storage.Store, site: str) -> None:
    try:
        held = store.count(site)
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    if held:
        raise UnavailableError(
            f"the store already holds {held:,} readings of {site}, so this run could not be accounted for; "
            "use another data folder, or another database with --influx-database"
        )


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise StoppedError("ended before the factory ran")


def _wait(stop: threading.Event, seconds: float | None, children: tuple[Child, ...]) -> None:
    until = None if seconds is None else time.monotonic() + seconds
    while not stop.is_set():
        left = 1.0 if until is None else until - time.monotonic()
        if left <= 0:
            return
        for child in children:
            if not child.alive:
                child.ready(Ready)  # raises with its last words
        stop.wait(min(left, 1.0))


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="wattproof-demo-") as folder:
        yield Path(folder)
