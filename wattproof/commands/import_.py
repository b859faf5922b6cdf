"""`wattproof import`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
import typer

from wattproof.commands import import_steps as steps
from wattproof.in_korean import Language

S = TypeVar("S", bound=msgspec.Struct)

_FILE, _TIME, _CARE = "What the file is like", "What its rows mean", "Care"


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Site to import into.")] = "",
    device: Annotated[
        str | None, typer.Option("--device", metavar="ID", help="Whose readings they are, e.g. main.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Kind of device: power_meter (the default), plc, sensor."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="HEADER=[DEVICE/]CHANNEL:UNIT:MEANING",
            help="What a column is, e.g. '사용량=energy_import_wh:kWh:interval' (or register, mean, instant);"
            " 'press-1/energy_import_wh' where columns are of several devices; 'HEADER=-' leaves it out.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="HEADER=TEXT",
            help="Of a file with several meters' rows: read those with this text in this column.",
        ),
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="MAP.yaml", help="How to read the file, written down.")
    ] = None,
    write_map: Annotated[
        Path | None,
        typer.Option(
            "--write-map", metavar="MAP.yaml", help="Write down what was understood, to be corrected; imports nothing."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what was understood, and with --site how it fits to what the store holds; import nothing."
            " Exit code 1: something is open.",
        ),
    ] = False,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding", metavar="NAME", help="utf-8, cp949, utf-16, …; found out without it.", rich_help_panel=_FILE
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter", metavar="SIGN", help="',', ';', '|' or tab; found out without it.", rich_help_panel=_FILE
        ),
    ] = None,
    decimal: Annotated[
        Literal["point", "comma"] | None,
        typer.Option(
            "--decimal", help="Sign of the fraction: 1234.5 or 1234,5; found out without it.", rich_help_panel=_FILE
        ),
    ] = None,
    header_line: Annotated[
        int | None,
        typer.Option(
            "--header-line",
            min=1,
            metavar="N",
            help="Line of the column names, from 1; found out without it.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    time_column: Annotated[
        list[str] | None,
        typer.Option(
            "--time",
            metavar="HEADER",
            help="Column of the time; twice for a date's and a time's.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    date_order: Annotated[
        Literal["ymd", "dmy", "mdy"] | None,
        typer.Option(
            "--date-order", help="Whether 2/1/2018 is 2 January (dmy) or 1 February (mdy).", rich_help_panel=_TIME
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            metavar="ZONE",
            help="Time zone of the stamps, e.g. Europe/Berlin or +09:00; Asia/Seoul without it.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    stamps: Annotated[
        Literal["start", "end"] | None,
        typer.Option(
            "--stamps",
            help="Whether a stamp is its interval's start or end; found out without it.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            metavar="LENGTH",
            help="Length of every row's interval, e.g. 15m, where rows lie further apart now and then.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    repeated_hour: Annotated[
        Literal["earlier", "later"] | None,
        typer.Option(
            "--repeated-hour",
            help="Which hour a stamp is of that came twice when summer time ended.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    duplicates: Annotated[
        Literal["refuse", "first", "last"],
        typer.Option("--duplicates", help="Which of two different values of one time counts.", rich_help_panel=_CARE),
    ] = "refuse",
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad", help="Leave out cells that cannot be read, and import the rest.", rich_help_panel=_CARE
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Put the file's values in the place of others in the store.", rich_help_panel=_CARE
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume",
            help="Go on where an import was stopped, or write all of it again.",
            rich_help_panel=_CARE,
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the table; by default the configuration's."),
    ] = None,
) -> None:
    """Import history: meter exports, utility downloads, spreadsheets saved as CSV."""
    import exchange
    from wattproof.config import find_file, load, read_text
    from wattproof.errors import BadInputError

    config = load(find_file(context.obj, os.environ), os.environ)
    wanted = language or config.api.language
    if not site and not dry_run and write_map is None:
        raise BadInputError("say which site the readings are of (--site), or only look at them (--dry-run)")
    try:
        given = (
            exchange.Mapping()
            if map_file is None
            else exchange.parse_mapping(read_text(map_file, "mapping"), str(map_file))
        )
        mapping = _said(
            given, only=dict(map(_only, only or ())), device=device, kind=kind,
            encoding=encoding, delimiter=delimiter, header_line=header_line,
            decimal=exchange.Decimal(decimal) if decimal else None,
            time=_said(
                given.time, columns=time_column, zone=zone, stamps=stamps, interval=_length(interval),
                repeated_hour=repeated_hour,
                date_order=exchange.DateOrder(date_order) if date_order else None,
            ),
        )  # fmt: skip
        columns = [exchange.parse_column(each) for each in column or ()]
        with steps.progress(wanted, shown=not as_json) as progress:
            understood = exchange.understand(
                file,
                mapping,
                columns,
                duplicates=duplicates,
                now=time.time_ns() // 1_000_000,
                progress=lambda done, total: progress("read", done, total),
            )
        summary = exchange.summarise(understood)
        if write_map is not None:
            steps.write_new(write_map, exchange.mapping_text(summary, file.name))
        if dry_run or write_map is not None:
            steps.show(summary, as_json=as_json, language=wanted)
            open_ = summary.questions or (summary.bad and not skip_bad)
            open_ = open_ or (summary.duplicates_other and duplicates == "refuse")
            if site and not open_ and not as_json:
                steps.show_fit(understood, config, site, duplicates=duplicates, replace=replace, language=wanted)
            raise typer.Exit(1 if open_ else 0)
        exchange.refuse_unless_clear(understood, duplicates=duplicates, skip_bad=skip_bad)
        if not as_json:
            steps.show(summary, as_json=False, language=wanted)
        loaded = steps.load(
            understood,
            config,
            site,
            duplicates=duplicates,
            skip_bad=skip_bad,
            replace=replace,
            resume=resume,
            shown=not as_json,
            language=wanted,
        )
    except exchange.ExchangeError as error:
        raise BadInputError(error.said(wanted)) from error
    steps.warn(understood, config, wanted)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"import": loaded, "file": summary}).decode() + "\n")
    else:
        sys.stdout.write(exchange.said(loaded, str(file), wanted) + "\n")
    if not loaded.finished:
        raise typer.Exit(130)
    raise typer.Exit(1 if loaded.rejected else 0)


def _length(text: str | None) -> str | None:
    import exchange

    return text and exchange.length_said(exchange.length_ms(text))


def _only(text: str) -> tuple[str, str]:
    from wattproof.errors import BadInputError

    header, equals, wanted = text.partition("=")
    if not equals or not header:
        raise BadInputError(f"--only {text!r}: write HEADER=TEXT, e.g. '계량기=압연기'")
    return header.strip(), wanted


def _said(value: S, **options: object) -> S:
    return msgspec.structs.replace(value, **{name: given for name, given in options.items() if given})
