"""A mapping as a file that a person corrects: what was understood, each part with what it means."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from exchange.mapping import Mapping
from exchange.summary import Summary
from exchange.words import Question

_HEAD = """\
# How {name} is read: what was understood, to be corrected where it is wrong.
# wattproof import {name} --map THIS_FILE --site SITE --dry-run
"""
_TIME = "# date_order: ymd, dmy or mdy. zone: e.g. Asia/Seoul or +09:00. stamps: start or end of the interval ({why})."
_COLUMNS = """\
# channel: docs/channels.md. unit: of the file's values. meaning: interval (an amount of the row's interval),
# register (what a counter stood at), mean (over the interval) or instant (at the stamp). device: where it differs."""


def mapping_text(summary: Summary, name: str) -> str:
    """The YAML document of an understood file; read back, it is the same mapping.

    Parameters
    ----------
    name
        Of the file, for the comments.
    """
    mapping = summary.mapping
    plain: dict[str, Any] = msgspec.to_builtins(mapping)
    time, columns = plain.pop("time", None), plain.pop("columns", None)
    left_out = list(dict.fromkeys([*plain.pop("leave_out", ()), *summary.left_out]))
    parts = [_HEAD.format(name=name)]
    parts += [_comment(question) for question in summary.questions]
    if mapping.device is None and mapping.series is None:
        parts.append("# device: main\n")
    if plain:
        parts.append(_yaml(plain))
    if time:
        parts.append(_TIME.format(why=summary.stamps_why.en) + "\n" + _yaml({"time": time}))
    if columns:
        parts.append(_COLUMNS + "\n" + _yaml({"columns": columns}))
        # Columns that are named need no others to be left out.
        parts.append(f"# Not imported: {', '.join(left_out)}\n" if left_out else "")
    return "".join(parts)


def as_written(mapping: Mapping) -> Mapping:
    """A mapping as it comes back from its text: what is left out is not told twice."""
    return msgspec.structs.replace(mapping, leave_out=[])


def _comment(question: Question) -> str:
    return f"# To be settled: {question.text.en} ({question.settled_by})\n"


def _yaml(value: dict[str, Any]) -> str:
    """Block style, but one line per column: so a person sees them as the table they are."""
    parts = []
    for key, item in value.items():
        if isinstance(item, list) and all(isinstance(each, dict) for each in item):
            parts.append(f"{key}:\n" + "".join(f"  - {_flow(each)}\n" for each in item))
        else:
            parts.append(yaml.safe_dump({key: item}, allow_unicode=True, sort_keys=False, default_flow_style=False))
    return "".join(parts)


def _flow(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000).strip()
