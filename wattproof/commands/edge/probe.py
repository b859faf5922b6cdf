"""`wattproof edge probe`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from wattproof.commands.edge.terminal import Json, LangOption, chosen, narrow, say_json, show, tell, working

if TYPE_CHECKING:
    from rich.table import Table

    from edge.commissioning import Described, Lang, Live, Raw

SUNSPEC: Final = "sunspec"
"""Instead of a profile's name: the device says itself what its registers mean."""


def probe(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="tcp://HOST:PORT, rtu:///dev/ttyUSB0?baud=9600, or tls, rtu+tcp, ascii+tcp, ascii."
        ),
    ],
    unit: Annotated[int, typer.Argument(metavar="UNIT", help="Unit number.", min=0, max=255)],
    profile: Annotated[
        str, typer.Option("--profile", metavar="P", help="A profile's name or YAML file, or sunspec.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="With --profile sunspec: keep the profile it yields.")
    ] = None,
    address: Annotated[
        int | None, typer.Option("--address", metavar="A", help="Registers of an unknown device.", min=0, max=65535)
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many registers.", min=1, max=120)] = 8,
    function: Annotated[int, typer.Option(help="3 holding registers, 4 input registers.", min=3, max=4)] = 3,
    pause: Annotated[
        float, typer.Option("--pause", metavar="SECONDS", help="Time between the two readings.", min=0.0, max=60)
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Longest wait for an answer.", min=0.02, max=30)
    ] = 1.0,
    as_json: Json = False,
    lang: LangOption = None,
) -> None:
    """Read one unit now: by a profile, or bare registers with what they most likely mean. Only reads."""
    from edge.commissioning import read_profile, read_raw, read_sunspec, say
    from edge.links import Link
    from edge.profiles import load_profile
    from wattproof.errors import BadInputError

    language = chosen(lang)
    if bool(profile) == (address is not None):
        raise BadInputError(say(language, "probe_which"))
    if file is not None and profile != SUNSPEC:
        raise BadInputError(say(language, "probe_save"))
    try:
        link = Link.from_url(url, timeout)
    except ValueError as error:
        raise BadInputError(str(error)) from error

    async def by_profile() -> Live:
        try:
            return await read_profile(link, unit, load_profile(profile))
        finally:
            link.close()

    async def by_address() -> Raw:
        assert address is not None
        kind: Literal[3, 4] = 3 if function == 3 else 4
        try:
            return await read_raw(link, unit, address, count, function=kind, apart_s=pause)
        finally:
            link.close()

    async def by_itself() -> list[Described]:
        return await read_sunspec(link, unit)

    if profile == SUNSPEC:
        _report_described(working(by_itself, language), file, language, as_json=as_json)
    elif profile:
        _report_live(working(by_profile, language), language, as_json=as_json)
    else:
        _report_raw(working(by_address, language), language, as_json=as_json)


def _report_described(parts: list[Described], file: Path | None, lang: Lang, *, as_json: bool) -> None:
    """A device that describes itself: each of its meters and inverters."""
    from edge.commissioning import say

    if as_json:
        say_json(
            [
                {"profile": part.profile.name, "values": part.live.values, "errors": said(part.live, lang)}
                for part in parts
            ]
        )
    for part in () if as_json else parts:
        facts = {"vendor": part.profile.vendor, "model": part.profile.model, "profile": part.profile.name}
        show(live_table(part.live, lang, say(lang, "probe_described", **facts)), *said(part.live, lang))
    for part in parts if file is not None else ():
        assert file is not None
        path = file if len(parts) == 1 else file.with_stem(f"{file.stem}-{part.profile.name}")
        path.write_text(part.text, encoding="utf-8")
        tell(say(lang, "probe_saved", file=str(path)))
    if not any(part.live.good for part in parts):
        raise typer.Exit(1)


def _report_live(live: Live, lang: Lang, *, as_json: bool) -> None:
    from edge.commissioning import say

    if as_json:
        say_json({"values": live.values, "errors": said(live, lang)})
    else:
        tables = [live_table(live, lang, say(lang, "probe_title"))] if live.good else []
        show(*tables, *said(live, lang))
    if not live.good:
        raise typer.Exit(1)


def said(live: Live, lang: Lang) -> list[str]:
    """What failed, in words."""
    return [error.text(lang) for error in live.errors]


def live_table(live: Live, lang: Lang, title: str) -> Table:
    """Every channel with its value and what it is worth."""
    from rich.table import Table

    from edge.commissioning import judge, label_of, say, shown

    rows = Table(title=title, title_justify="left")
    tight = narrow()
    for key in ("column_quantity", *(() if tight else ("column_channel",)), "column_value", "column_why"):
        rows.add_column(say(lang, key), overflow="fold", justify="right" if key == "column_value" else "left")
    for name, value in live.values.items():
        good = name in live.good
        reason = say(lang, f"reason_{value}") if not good else ""
        text = shown(name, live.good[name]) if good else say(lang, "probe_no_value", reason=reason)
        why = judge(name, live.good[name]).why.text(lang).removeprefix(f"{text}, ") if good else ""
        rows.add_row(label_of(name, lang), *(() if tight else (name,)), text, why)
    return rows


def _report_raw(raw: Raw, lang: Lang, *, as_json: bool) -> None:
    from rich.table import Table

    from edge.commissioning import say

    if as_json:
        say_json(raw)
        return
    words = Table(title=say(lang, "probe_words"), title_justify="left")
    for key in ("column_address", "column_hex", "column_decimal", "column_later"):
        words.add_column(say(lang, key), overflow="fold", justify="right")
    for place, word in enumerate(raw.region.words):
        later = raw.later.words[place]
        words.add_row(str(raw.region.address + place), f"{word:04X}", str(word), str(later) if later != word else "")
    ranked = Table(title=say(lang, "probe_ranked"), title_justify="left")
    tight = narrow()
    columns = ("column_address", "column_offset", "column_type", "column_scale", "column_value")
    for key in (*columns, *(() if tight else ("column_bits",)), "column_why"):
        justify: Literal["left", "right"] = "left" if key in {"column_type", "column_why"} else "right"
        ranked.add_column(say(lang, key), overflow="fold", justify=justify)
    for one in raw.ranked:
        why = "; ".join(reason.text(lang) for reason in one.why)
        reading = (str(one.address), f"{one.offset:+d}", f"{one.type.value} {one.order.value}", f"{one.scale:g}")
        ranked.add_row(*reading, f"{one.value:,.6g}", *(() if tight else (f"{one.bits:.0f}",)), why)
    show(words, ranked if raw.ranked else say(lang, "probe_nothing"))
