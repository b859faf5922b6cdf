"""`wattproof collector`."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wattproof.commands.collector_try import try_
from wattproof.in_korean import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collector import Probed, Settings, Shortfall, Told

app = typer.Typer(help="MQTT in, store out, acknowledgement back.", no_args_is_help=True)
app.command("try")(try_)

_GROUP = typer.Option(
    "--workers-group", metavar="NAME", help="Share the work with the other collectors of this group (MQTT 5)."
)

_WORKER = typer.Option("--worker", min=1, help="Which of the group this is: 1, 2, 3 … each its own.")


@app.command()
def run(
    context: typer.Context,
    workers_group: Annotated[str | None, _GROUP] = None,
    worker: Annotated[int | None, _WORKER] = None,
) -> None:
    """Store what gateways send, and acknowledge it once the store has committed; until Ctrl-C."""
    import collector
    from wattproof import heartbeat, services
    from wattproof.care import caring
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError
    from wattproof.memory import keep_little
    from wattproof.stopping import stop_event

    config = load(find_file(context.obj, os.environ), os.environ)
    settings = _told(config.collector, workers_group, worker)
    if settings.workers_group and config.store.engine == "duck":
        raise BadInputError(
            "--workers-group: each of several collectors would have a part of the readings in a DuckDB file of its own;"
            " let them write to one InfluxDB (store.engine: influx), or run one"
        )
    keep_little()
    # Shared subscriptions came with MQTT 5.
    broker = msgspec.structs.replace(config.broker, protocol="5") if settings.workers_group else config.broker
    with stop_event() as stop, ExitStack() as closings:
        store = closings.enter_context(closing(services.open_store(config.store_settings)))
        shelf = closings.enter_context(closing(services.open_quarantine(config.folder, settings)))
        at_work = collector.Collector(store, broker, shelf, settings=settings)
        if (endpoint := services.serve_endpoint(settings, at_work, store)) is not None:
            closings.callback(endpoint.stop)
            endpoint.start()
        if broker.protocol != "5":  # over MQTT 5 the session itself hears the limits
            told = collector.ask(broker, settings.identity, settings.session_expiry_s)
            if told.granted is not None:
                at_work.look_at_limits(told.granted)
        if settings.worker == 1:  # one of a group is enough, and more would do the same work again
            closings.enter_context(caring(store, config.store_settings, Path(config.api_settings.plans)))
        at_work.start()
        closings.callback(at_work.stop)
        closings.enter_context(
            heartbeat.beating(config.folder, lambda: at_work.connected and store.health().ok, settings.worker)
        )
        stop.wait()


@app.command()
def health(
    context: typer.Context,
    worker: Annotated[int | None, _WORKER] = None,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the answer; by default the configuration's."),
    ] = None,
) -> None:
    """Say whether the collector of this data folder is at work; exit 0 if it is, 1 if not (for health checks)."""
    from wattproof import heartbeat
    from wattproof.config import find_file, load
    from wattproof.in_korean import in_korean

    config = load(find_file(context.obj, os.environ), os.environ)
    ok, sentence = heartbeat.check(config.folder, worker or config.collector.worker)
    sys.stdout.write((in_korean(sentence) if (language or config.api.language) == "ko" else sentence) + "\n")
    raise typer.Exit(0 if ok else 1)


@app.command()
def check(
    context: typer.Context,
    workers_group: Annotated[str | None, _GROUP] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the answer; by default the configuration's."),
    ] = None,
) -> None:
    """Ask the broker for its limits, try those it does not tell, and say which are too tight; exit 1 if any is.

    Run it while no collector runs. It sends itself 2 MB through the broker.
    """
    import collector
    from wattproof.config import find_file, load
    from wattproof.errors import UnavailableError

    config = load(find_file(context.obj, os.environ), os.environ)
    settings = _told(config.collector, workers_group, None)
    probed = collector.probe(config.broker, settings.identity)
    told = collector.ask(config.broker, settings.identity, settings.session_expiry_s, with_reports=True)
    if told.granted is None:
        raise UnavailableError(f"broker {config.broker.url}: its limits cannot be told: {told.problem}")
    found = collector.shortfalls(
        told.granted, shared=bool(settings.workers_group), expiry_s=settings.session_expiry_s, probed=probed
    )
    if as_json:
        word = {
            "granted": told.granted, "reports": told.reports, "probed": probed,
            "shortfalls": [short._asdict() for short in found],
        }  # fmt: skip
        sys.stdout.write(msgspec.json.encode(word).decode() + "\n")
    else:
        _show_limits(told, probed, found, language or config.api.language)
    raise typer.Exit(1 if found else 0)


def _show_limits(told: Told, probed: Probed, found: Sequence[Shortfall], language: Language) -> None:
    """What the broker told, what was tried, and what of it is too tight."""
    import telemetry
    from collector import PROBE_MESSAGES

    korean = language == "ko"
    lines = [f"{name}: {value}" for name, value in [*(told.granted or {}).items(), *told.reports.items()]]
    if probed.queue is not None:
        what = "수신이 밀린 클라이언트 앞으로 보관한 메시지" if korean else "messages kept for a client that is behind"
        lines.append(f"{what}: {probed.queue} / {PROBE_MESSAGES}")
    if probed.largest:
        size = telemetry.MAX_BYTES
        lines.append(f"{size}바이트 메시지: 전달됨" if korean else f"a message of {size} bytes: comes through")
    if probed.problem:
        lines.append(f"{'시험하지 않음' if korean else 'not tried'}: {probed.problem}")
    lines += [f"부족함: {short.ko}" if korean else f"too tight: {short.en}" for short in found]
    if not found:
        lines.append("부족한 것 없음" if korean else "nothing is too tight")
    sys.stdout.write("\n".join(lines) + "\n")


def _told(settings: Settings, workers_group: str | None, worker: int | None) -> Settings:
    """The configuration's settings under the command line's.

    Raises
    ------
    BadInputError
        A group's name cannot be part of a topic filter.
    """
    from wattproof.errors import BadInputError

    told = {"workers_group": workers_group, "worker": worker}
    given = {name: value for name, value in told.items() if value is not None}
    try:
        return msgspec.convert(msgspec.structs.asdict(settings) | given, type(settings))
    except msgspec.ValidationError as error:
        raise BadInputError(f"--workers-group {workers_group}: a-z, 0-9, '-' and '_' only ({error})") from error
