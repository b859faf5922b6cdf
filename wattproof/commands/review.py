"""`wattproof review`."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from wattproof.in_korean import Language

if TYPE_CHECKING:
    import review as energy_review
    import storage

_REPLACEMENT = re.compile(
    r"^(?P<meter>[^=]+)=(?:(?P<low>\d+(?:\.\d+)?)(?:-(?P<high>\d+(?:\.\d+)?))?"
    r"|plan:(?P<plan>[^@]+)|like:(?P<like>[^@]+))?(?:@(?P<won>[\d_,]+))?$"
)

_PRODUCT = re.compile(r"^(?P<meter>[^=]+)=(?P<device>[^=:]+)(?::(?P<channel>\w+))?$")


def review(
    context: typer.Context,
    site: Annotated[str, typer.Argument(metavar="[SITE]", help="The site; needed when the store holds several.")] = "",
    since: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="First day, e.g. 2026-03-01; by default 27 days before the last."),
    ] = "",
    until: Annotated[
        str,
        typer.Option("--to", metavar="DAY", help="Last day, itself included; by default the last one metered whole."),
    ] = "",
    meter: Annotated[
        list[str] | None, typer.Option("--meter", help="Review this meter; repeat for more. All of them without it.")
    ] = None,
    price: Annotated[
        float | None, typer.Option("--price", min=0.01, metavar="WON", help="What a kWh costs (won/kWh).")
    ] = None,
    contract: Annotated[
        str,
        typer.Option(
            "--contract",
            help="Price by a contract's hours instead, e.g. industrial_b/high_a/option_2 (see wattproof bill).",
        ),
    ] = "",
    tariff: Annotated[
        Path | None, typer.Option("--tariff", metavar="FILE", help="A tariff file of your own; KEPCO's without it.")
    ] = None,
    deferred: Annotated[
        bool,
        typer.Option("--deferred", help="The contract kept its old hours and prices for as long as could be asked."),
    ] = False,
    product: Annotated[
        list[str] | None,
        typer.Option(
            "--product",
            metavar="METER=DEVICE[:CHANNEL]",
            help="What a meter's machine makes, e.g. press-1=plc-1: a counter (production_count, air_volume_m3) or a "
            "flow (flow_m3_h); CHANNEL is production_count without a word.",
        ),
    ] = None,
    replace: Annotated[
        list[str] | None,
        typer.Option(
            "--replace",
            metavar="METER=EXPECTED[@WON]",
            help="A machine that may be replaced, and the new one's price. EXPECTED is the saving its maker says "
            "[%] (18-28), plan:ID (as the evaluated replacement of that plan saved) or like:METER (as that machine, "
            "which makes the same, draws). Without it: what it uses more than it did.",
        ),
    ] = None,
    shift: Annotated[
        list[str] | None,
        typer.Option(
            "--shift", metavar="HH:MM", help="When a shift begins; repeat for each. By default 00, 08 and 16 h."
        ),
    ] = None,
    years: Annotated[
        int | None,
        typer.Option("--years", min=1, max=60, help="Life of a new machine, for its present value (years); else 10."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.0, max=100.0, help="Discount rate for the present value (% a year); else 4.5."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    language: Annotated[
        Language | None,
        typer.Option("--lang", help="Language of the tables; by default the configuration's."),
    ] = None,
) -> None:
    """Review a site's energy (에너지 진단): where it goes, standby, peaks, unusual days, machines to replace.

    What the site's file in the reviews folder says (docs/review.md) holds where no option says otherwise.
    """
    import evaluation
    import review as room
    import storage
    from wattproof import services
    from wattproof.config import find_file, load
    from wattproof.errors import BadInputError, UnavailableError

    config = load(find_file(context.obj, os.environ), os.environ)
    first, last = _day("--from", since), _day("--to", until)
    if price is not None and contract:
        raise BadInputError("--price and --contract are two ways to price a kWh; give one of them")
    named, machines = dict(map(_product, product or [])), dict(map(_replacement, replace or []))
    store = services.open_store(config.store_settings)
    try:
        where = _site(store, site)
        own = room.site_settings(Path(config.api_settings.reviews), where)
        target = own.demand_target_kw
        settings = msgspec.structs.replace(
            own,
            timezone=config.api.timezone,
            main_device=config.api.main_device,
            demand_target_kw=config.api.demand_target_kw if target is None else target,
            products=room.products_of_plans(Path(config.api_settings.plans), where) | dict(own.products) | named,
            replacements=dict(own.replacements) | machines,
            shifts=tuple(sorted(shift)) if shift else own.shifts,
            life_years=own.life_years if years is None else years,
            discount_rate_pct=own.discount_rate_pct if rate is None else rate,
            plans=config.api_settings.plans,
        )
        if price is not None or contract:
            settings = msgspec.structs.replace(
                settings,
                won_per_kwh=price,
                contract=evaluation.Tariffs(tariff).contract(contract) if contract else None,
                tariff_file="" if tariff is None else str(tariff),
                deferred=deferred,
            )
        with _progress(shown=not as_json) as progress:
            found = room.review(store, where, meter or [], first, last, settings, progress)
    except (room.ReviewError, evaluation.EvaluationError) as error:
        raise BadInputError(str(error)) from error
    except storage.StoreError as error:
        raise UnavailableError(str(error)) from error
    finally:
        store.close()
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        Console().print(room.render(found, language or config.api.language))


def _site(store: storage.Store, named: str) -> str:
    """The site named, or the only one there is."""
    from wattproof.errors import BadInputError

    if named:
        return named
    sites = sorted({series.site for series in store.series()})
    if len(sites) != 1:
        raise BadInputError(
            f"say which site: the store holds {', '.join(sites)}" if sites else "the store holds no readings yet"
        )
    return sites[0]


def _day(option: str, text: str) -> dt.date | None:
    from wattproof.errors import BadInputError

    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInputError(f"{option} {text!r} is no day; write e.g. 2026-03-01") from None


def _product(text: str) -> tuple[str, tuple[energy_review.Product, ...]]:
    import review as room
    from wattproof.errors import BadInputError

    match = _PRODUCT.match(text)
    if match is None:
        raise BadInputError(f"--product {text!r}: write meter and counting device, e.g. press-1=plc-1")
    return match["meter"], (room.Product(match["device"], match["channel"] or "production_count"),)


def _replacement(text: str) -> tuple[str, energy_review.Replacement]:
    import review as room
    from wattproof.errors import BadInputError

    match = _REPLACEMENT.match(text)
    if match is None or text.endswith("="):
        raise BadInputError(f"--replace {text!r}: write meter, expected saving and price, e.g. press-1=18-28@90000000")
    told: dict[str, float | str] = {name: match[name] for name in ("plan", "like") if match[name]}
    if match["low"]:
        told |= {"low_pct": float(match["low"]), "high_pct": float(match["high"] or match["low"])}
    if match["won"]:
        told["investment_won"] = float(re.sub(r"[_,]", "", match["won"]))
    try:
        return match["meter"], msgspec.convert(told, room.Replacement)
    except msgspec.ValidationError as error:
        raise BadInputError(f"--replace {text!r}: {error}") from error


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error that goes when the meters are read."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("meters", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
