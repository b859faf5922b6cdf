"""`wattproof collector try`: what a message of others would become."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wattproof.commands.collector_try_shown import show
from wattproof.in_korean import Language

if TYPE_CHECKING:
    from collector.foreign import Map, Mappings
    from telemetry import Broker
    from wattproof.config import Config

_MAP = typer.Argument(
    metavar="[MAP]", help="Mapping: a name of the library, or a file; without it, those of the configuration."
)
_LISTEN = typer.Option(
    "--listen", metavar="BROKER", help="Show what arrives at HOST or HOST:PORT; `config` for the configured broker."
)

_Message = tuple[str, bytes, bool]
"""Topic, payload, and whether the broker had kept it."""


def try_(
    context: typer.Context,
    mapping: Annotated[str, _MAP] = "",
    topic: Annotated[str, typer.Option(help="Topic of the message; without it, the mapping's own examples.")] = "",
    payload: Annotated[str | None, typer.Option(help="Payload of the message, as text.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="File that holds the payload; without --payload and it, the standard input.")
    ] = None,
    site: Annotated[str, typer.Option(help="Site id, in place of the mapping's.")] = "",
    timezone: Annotated[str, typer.Option(help="Zone of times that name none, such as Asia/Seoul.")] = "",
    listen: Annotated[str, _LISTEN] = "",
    for_s: Annotated[float, typer.Option("--for", metavar="SECONDS", help="Listen so long.", min=0.1)] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the answer; by default the configuration's."),
    ] = None,
) -> None:
    """Show what a message of others would become, and store nothing; exit 1 unless all of it would be stored."""
    from collector.foreign import load_mappings, try_message
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError

    config = load(find_file(context.obj, os.environ), os.environ)
    maps = _maps(config, mapping, site, timezone)
    mappings = load_mappings(maps)
    if listen:
        messages = _arriving(_broker(config, listen), mappings, for_s)
    elif topic:
        messages = iter([(topic, _payload(payload, file), False)])
    elif payload is not None or file is not None:
        raise BadInputError("a payload without its topic: give --topic as well, or neither to see the examples")
    else:
        messages = _examples(maps)
    shown, whole = 0, True
    for topic_, body, retained in messages:
        live = bool(listen) and not retained
        trial = try_message(mappings, topic_, body, time.time_ns() // 1_000_000, retained=retained, live=live)
        shown += 1
        whole = whole and trial.stored > 0 and not trial.refused
        if as_json:
            sys.stdout.write(msgspec.json.encode(trial).decode() + "\n")
        else:
            show(trial, language or config.api.language)
        sys.stdout.flush()
    if not shown and listen:
        filters = ", ".join(each.filter for each in mappings.filters)
        raise BadInputError(f"nothing arrived within {for_s:g} s under {filters}; give --topic and --payload")
    if not shown:
        raise BadInputError("the mapping brings no examples; give --topic and --payload")
    raise typer.Exit(0 if whole else 1)


def _maps(config: Config, mapping: str, site: str, timezone: str) -> list[str | Map]:
    from collector.foreign import Map
    from wattproof.errors import BadInputError

    if mapping:
        return [Map(mapping, site=site, timezone=timezone)]
    maps = config.collector.foreign.maps
    if not maps:
        raise BadInputError("which mapping? Name one, or list some in the configuration under collector.foreign.maps")
    told = {name: value for name, value in (("site", site), ("timezone", timezone)) if value}
    plain = [Map(each) if isinstance(each, str) else each for each in maps]
    return [msgspec.structs.replace(each, **told) for each in plain]


def _payload(payload: str | None, file: Path | None) -> bytes:
    from wattproof.errors import BadInputError

    if payload is not None and file is not None:
        raise BadInputError("give --payload or --file, not both")
    if payload is not None:
        return payload.encode()
    try:
        return file.read_bytes() if file is not None else sys.stdin.buffer.read()
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read: {error.strerror}") from error


def _examples(maps: list[str | Map]) -> Iterator[_Message]:
    from collector.foreign import mapping_examples

    for each in maps:
        for example in mapping_examples(each):
            yield example.topic, example.payload.encode(), False


def _broker(config: Config, listen: str) -> Broker:
    from telemetry import Broker
    from wattproof.errors import BadInputError

    if listen == "config":
        return config.collector.foreign.broker or config.broker
    host, _, port = listen.rpartition(":") if ":" in listen else (listen, "", "1883")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise BadInputError(f"--listen {listen!r}: write HOST or HOST:PORT, such as 192.168.0.10:1883")
    return Broker(host=host, port=int(port))


def _arriving(broker: Broker, mappings: Mappings, for_s: float) -> Iterator[_Message]:
    """Messages as they arrive, retained ones as well, over a session that leaves nothing behind."""
    import queue
    import secrets

    from telemetry import new_client
    from wattproof.errors import UnavailableError

    arrived: queue.SimpleQueue[_Message] = queue.SimpleQueue()
    refused: list[str] = []
    client = new_client(broker, f"wattproof-try-{secrets.token_hex(4)}", clean=True)

    def on_connect(_client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
        if getattr(reason, "is_failure", False):
            refused.append(str(reason))
        client.subscribe([(each.filter, 0) for each in mappings.filters])

    client.on_connect = on_connect
    client.on_message = lambda _client, _data, message: arrived.put(
        (message.topic, bytes(message.payload), bool(message.retain))
    )
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise UnavailableError(f"broker {broker.url}: {error.strerror or error}. Check its address and port") from error
    client.loop_start()
    until = time.monotonic() + for_s
    try:
        while (left := until - time.monotonic()) > 0:
            if refused:
                raise UnavailableError(f"broker {broker.url} lets us not in: {refused[0]}. Check username and password")
            try:
                yield arrived.get(timeout=min(left, 0.2))
            except queue.Empty:
                continue
    except KeyboardInterrupt:
        return
    finally:
        client.disconnect()
        client.loop_stop()
