"""A programme: which plans it pays for, and what their savings err by together. YAML, as plans are."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Annotated, Final

import msgspec

from evaluation.plan import Title
from telemetry import Document, DocumentError, decode_yaml, parse_yaml

_SUFFIXES = (".yaml", ".yml")
CLASS_LIMIT_PCT: Final = 1.0
"""What a meter of class 1 is allowed at unity power factor (IEC 62053-21: ±1.0 %)."""


class _Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    name: str = ""
    plans: list[str] = []


class MeterScale(_Shared, frozen=True, forbid_unknown_fields=True, tag="meters", kw_only=True):
    """Meters that count too much or too little by the same share, as meters of one type or one calibration do.

    Parameters
    ----------
    name, plans
        For people; ids of the plans it is of, all of them when empty.
    limit_pct
        What the meters' class allows [%]; every error within it is held equally likely (standard error: limit/√3). One
        meter reads both periods, so the saving errs by the same share.
    """

    limit_pct: Annotated[float, msgspec.Meta(gt=0, le=20)]


class SensorDrift(_Shared, frozen=True, forbid_unknown_fields=True, tag="sensor", kw_only=True):
    """One sensor, or one weather series, that several models follow and that may read otherwise than in the baseline.

    Parameters
    ----------
    name, plans
        For people; ids of the plans it is of, all that have the driver when empty.
    driver
        The driver's name in these plans: a mean.
    error
        Standard error of what it drifted by between the periods [the driver's unit].
    """

    driver: str
    error: Annotated[float, msgspec.Meta(gt=0)]


class CommonModel(_Shared, frozen=True, forbid_unknown_fields=True, tag="models", kw_only=True):
    """Machines whose models err by the same thing: the same orders, the same people, the same weather.

    Parameters
    ----------
    name
        For people.
    plans
        Their ids: the bands of these add up as they are, not in squares.
    """


class PriceError(_Shared, frozen=True, forbid_unknown_fields=True, tag="price", kw_only=True):
    """The price of a kWh, of which nobody knows what it will be; in money only.

    Parameters
    ----------
    name, plans
        For people; ids of the plans it is of, all of them when empty.
    error_pct
        Its standard error [%].
    """

    error_pct: Annotated[float, msgspec.Meta(gt=0, le=100)]


class FactorError(_Shared, frozen=True, forbid_unknown_fields=True, tag="emission_factor", kw_only=True):
    """The emission factor; in tCO₂eq only.

    Parameters
    ----------
    name, plans
        For people; ids of the plans it is of, all of them when empty.
    error_pct
        Its standard error [%].
    """

    error_pct: Annotated[float, msgspec.Meta(gt=0, le=100)]


Shared = MeterScale | SensorDrift | CommonModel | PriceError | FactorError


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A support programme.

    Parameters
    ----------
    id, title
        Identity, and for people.
    plans
        Plan files, folders of them, or patterns such as ``plans/*.yaml``, relative to the programme's file.
    confidence
        Of the sums' two-sided bands, 0.5-0.99. Each machine keeps its plan's.
    subsidy_won
        What the programme pays in all [원]; without it, what the plans say together.
    shared
        What the savings err by together. Left out: every meter is of class 1 and all err the same way, and machines of
        one site have models that err together. An empty list says that nothing is shared.
    """

    id: str
    title: Title = Title()
    plans: Annotated[list[str], msgspec.Meta(min_length=1)]
    confidence: Annotated[float, msgspec.Meta(ge=0.5, le=0.99)] = 0.9
    subsidy_won: Annotated[float, msgspec.Meta(gt=0)] | None = None
    shared: list[Shared] | None = None


def is_programme(path: Path) -> bool:
    """Whether a YAML file is a programme and no plan, by what it begins to say; unreadable ones are not."""
    try:
        value = parse_yaml(path.read_text(encoding="utf-8"), str(path)).value
    except (OSError, UnicodeDecodeError, DocumentError):
        return False
    return isinstance(value, dict) and "plans" in value


def load_programme(path: Path) -> Programme:
    """Read a programme's file.

    Raises
    ------
    DocumentError
        Unreadable, or it contradicts itself; names file, line and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(str(path), 0, "", f"cannot be read: {reason}") from error
    programme = decode_yaml(text, Programme, str(path))
    _check(programme, parse_yaml(text, str(path)))
    return programme


def plan_files(programme: Programme, folder: Path) -> list[Path]:
    """The programme's plan files, each once, in the order in which they are named, those of a folder by their names.

    Raises
    ------
    DocumentError
        When a folder or a pattern holds none.
    """
    found: dict[Path, None] = {}
    for named in programme.plans:
        place = Path(os.path.normpath(folder / named))
        if place.is_dir():
            files = sorted(file for file in place.iterdir() if file.suffix in _SUFFIXES and not is_programme(file))
        elif not place.exists() and any(mark in named for mark in "*?["):
            matches = map(Path, glob.glob(str(place), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute one
            files = sorted(file for file in matches if file.is_file() and not is_programme(file))
        else:
            files = [place]
        if not files:
            raise DocumentError(str(place), 0, "", "no plan is there; name plan files, or a folder that holds some")
        found |= dict.fromkeys(files)
    return list(found)


def _check(programme: Programme, document: Document) -> None:
    for index, source in enumerate(programme.shared or []):
        if isinstance(source, CommonModel) and len(set(source.plans)) < 2:
            problem = "models that err together are of two plans at least; name their ids"
            raise document.error(problem, f"shared[{index}]")
