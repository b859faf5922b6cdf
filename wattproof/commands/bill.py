"""`wattproof bill`."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from wattproof.in_korean import Language

if TYPE_CHECKING:
    import storage

_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_PEAK = re.compile(r"^(\d{4}-\d{2})=(\d+(?:\.\d+)?)$")


def bill(
    context: typer.Context,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The meter of the connection, e.g. main.")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month of the bill.")],
    contract: Annotated[
        str,
        typer.Option("--contract", help="Class/voltage/option, e.g. industrial_b/high_a/option_2; 'list' shows them."),
    ],
    contract_kw: Annotated[
        float, typer.Option("--contract-kw", min=0.1, metavar="KW", help="Contract power (계약전력) in kW.")
    ],
    site: Annotated[str, typer.Option("--site", help="The site; needed when the store holds several.")] = "",
    peak: Annotated[
        list[str] | None,
        typer.Option(
            "--peak", metavar="YYYY-MM=KW", help="Peak of an earlier month that the store does not hold (kW)."
        ),
    ] = None,
    deferred: Annotated[
        bool, typer.Option("--deferred", help="The old hours and prices were kept for as long as could be asked.")
    ] = False,
    no_demand_meter: Annotated[
        bool,
        typer.Option("--no-demand-meter", help="Low voltage without a demand meter: billed on the contract power."),
    ] = False,
    excess_months: Annotated[
        int,
        typer.Option("--excess-months", min=0, help="Months in which demand lay above the contract power before."),
    ] = 0,
    first_penalty: Annotated[
        bool,
        typer.Option("--first-penalty", help="No power-factor penalty (역률) was notified before: this one is notice."),
    ] = False,
    options: Annotated[bool, typer.Option("--options", help="The month under every option, cheapest first.")] = False,
    tariff: Annotated[
        Path | None, typer.Option("--tariff", metavar="FILE", help="A tariff file of your own; KEPCO's without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the table; by default the configuration's."),
    ] = None,
) -> None:
    """Explain a month's electricity bill (전기요금) line by line, from the readings in the store."""
    import analytics
    import evaluation
    import storage
    from evaluation.billing_terminal import render_bill, render_options
    from wattproof import services
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError, UnavailableError

    config = load(find_file(context.obj, os.environ), os.environ)
    tariffs = evaluation.Tariffs(tariff)
    console, wanted = Console(), language or config.api.language
    if contract == "list":
        sys.stdout.write("".join(f"{found}  {tariffs.label(found).said(wanted)}\n" for found in tariffs.contracts))
        return
    store = services.open_store(config.store_settings)
    try:
        connection = evaluation.Connection(
            _meter(store, site, device),
            tariffs.contract(contract),
            contract_kw,
            deferred=deferred,
            peaks_kw=dict(map(_peak, peak or [])),
            demand_metered=not no_demand_meter,
            months_in_excess=excess_months,
            penalised_before=not first_penalty,
        )
        found = evaluation.bill_month(tariffs, connection, store, _month(month))
        costs = evaluation.compare_month(tariffs, connection, store, _month(month)) if options else []
    except (evaluation.EvaluationError, analytics.AnalyticsError) as error:
        raise BadInputError(str(error)) from error
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()
    if as_json:
        totals = {cost.option: cost.total for cost in costs}
        sys.stdout.write(msgspec.json.encode({"bill": found, "options": totals}, enc_hook=str).decode() + "\n")
        return
    console.print(render_bill(found, wanted))
    if costs:
        labels = {str(option): tariffs.label(option) for option in tariffs.options(connection.contract)}
        console.print(render_options(costs, labels, wanted))


def _meter(store: storage.Store, site: str, device: str) -> storage.Series:
    """The device's counter of energy taken in."""
    from wattproof.errors import BadInputError

    held = [series for series in store.series(site or None) if series.channel == "energy_import_wh"]
    found = [series for series in held if series.device == device]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{series.site}/{series.device}" for series in held) or "none"
    if found:
        raise BadInputError(
            f"the store holds {len(found)} meters called {device!r}: say --site; meters with energy_import_wh: {there}"
        )
    raise BadInputError(f"the store holds no meter {device!r}; meters with energy_import_wh: {there}")


def _month(text: str) -> dt.date:
    from wattproof.errors import BadInputError

    match = _MONTH.match(text)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise BadInputError(f"{text!r} is no month; write e.g. 2026-07")
    return dt.date(int(match[1]), int(match[2]), 1)


def _peak(text: str) -> tuple[dt.date, float]:
    from wattproof.errors import BadInputError

    match = _PEAK.match(text)
    if match is None:
        raise BadInputError(f"--peak {text!r}: write month and kW, e.g. 2026-01=412.5")
    return _month(match[1]), float(match[2])
