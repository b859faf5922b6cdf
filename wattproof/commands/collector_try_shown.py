"""What a message of others would become, for the terminal, in Korean or English."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wattproof.in_korean import Language, detail_in_korean

if TYPE_CHECKING:
    from collector.foreign import Trial

WORDS: Final = {
    "no_rule": ("이 토픽을 받는 규칙이 없어 받지 않음", "no rule takes this topic: it is counted and left"),
    "taken": ("규칙이 받는 토픽: {0}", "rules take {0}"),
    "retained": (
        "브로커가 보관하던(retained) 메시지인데 시각이 없어 받지 않음",
        "retained by the broker and without a time: counted and left",
    ),
    "route": ("{0}: {1} → 사업장 {2}, 게이트웨이 {3}", "{0}: {1} → site {2}, gateway {3}"),
    "said": ("메시지의 시각 {0}", "said {0}"),
    "arrival": ("메시지에 시각이 없어 도착한 시각", "the time of its arrival: it tells none"),
    "named": (" (원래 이름 {0})", " (named {0})"),
    "rule": ("{0}행의 규칙: {1} {2}{3}, {4} ({5})", "rule on line {0}: {1} {2}{3}, {4} ({5})"),
    "channel": ("채널", "channel"),
    "where": ("위치", "where"),
    "says": ("받은 값", "says"),
    "becomes": ("저장될 값", "becomes"),
    "aside": ("격리", "set aside"),
    "rename": (
        "장치 이름으로 쓸 수 없음: 매핑의 devices에 id를 적을 것, 예: devices: {{'{0}': press-1}}",
        "no name of a device: give it an id in the mapping, e.g. devices: {{'{0}': press-1}}",
    ),
    "apart": (
        "메시지의 시각이 도착한 시각과 {0:+g}시간 차이남: 시간대(timezone, zone)가 맞는지 확인할 것",
        "its time is {0:+g} h from its arrival: is the time zone right (timezone, zone)?",
    ),
    "missing": ("이 메시지에 없음: {0}", "not in this message: {0}"),
    "message": ("메시지 전체", "the message"),
    "unmapped": ("{0} = {1}: 매핑에 없음", "{0} = {1} is not mapped"),
    "perhaps": ("; {0}일 수 있음", "; perhaps {0}"),
    "idle_where": ("{0}행의 규칙은 해당 없음: {1}의 값이 다름", "rule on line {0} does not apply: {1} is another"),
    "idle_needs": ("{0}행의 규칙은 해당 없음: {1}이(가) 없음", "rule on line {0} does not apply: {1} is not there"),
    "idle_lacks": ("{0}행의 규칙은 해당 없음: {1}이(가) 있음", "rule on line {0} does not apply: {1} is there"),
    "idle_each": (
        "{0}행의 규칙은 해당 없음: 목록 {1}이(가) 없음",
        "rule on line {0} does not apply: there is no list {1}",
    ),
    "nothing": ("매핑된 것이 하나도 없음", "it holds nothing that is mapped"),
    "sum": (
        "값 {0}개가 저장되고 {1}개가 격리됨 (시험이므로 실제로 저장하지는 않음)",
        "{0} values would be stored, {1} set aside",
    ),
}
"""Korean and English."""


_MOST_TAKEN: Final = 8


def say(word: str, language: Language, *values: object) -> str:
    """A word or sentence."""
    text = WORDS[word][language == "en"]
    return text.format(*values) if values else text


def show(trial: Trial, language: Language) -> None:
    """Print what one message would become."""
    import collector

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(trial.topic)}[/bold]")
    if trial.left:
        console.print(f"  [yellow]{say(trial.left, language)}[/yellow]")
    if trial.taken:
        more = ", …" if len(trial.taken) > _MOST_TAKEN else ""
        console.print("  " + escape(say("taken", language, ", ".join(trial.taken[:_MOST_TAKEN]) + more)))
    if not trial.mapping:
        console.print()
        return
    console.print("  " + escape(say("route", language, trial.file, trial.pattern, trial.site, trial.gateway)))
    _readings(console, trial, language)
    for refusal in trial.refused:
        what = escape(refusal.part or say("message", language))
        why = collector.in_words(refusal.reason)[language == "en"]
        detail = detail_in_korean(refusal.detail) if language == "ko" else refusal.detail
        console.print(f"  [red]{say('aside', language)}[/red] {what}: {why}: {escape(detail)}")
    nameless = {refusal.part.rpartition("/")[0] for refusal in trial.refused if refusal.reason == "invalid_name"}
    for name in dict.fromkeys(each.named for each in trial.readings if f"{each.kind}/{each.device}" in nameless):
        console.print("  " + escape(say("rename", language, name)))
    for hint in trial.unmapped:
        perhaps = say("perhaps", language, hint.channel) if hint.channel else ""
        console.print("  " + escape(say("unmapped", language, hint.path, f"{hint.said}"[:40])) + perhaps)
    if not trial.readings and not trial.refused:
        console.print("  " + say("nothing", language))
        for why, path in dict.fromkeys((each.why, each.path) for each in trial.idle):
            lines = ", ".join(str(each.line) for each in trial.idle if (each.why, each.path) == (why, path))
            console.print("  " + escape(say(f"idle_{why}", language, lines, path)))
    aside = sum(max(refusal.readings, 1) for refusal in trial.refused)
    console.print("  " + say("sum", language, trial.stored, aside) + "\n")


def _readings(console: Console, trial: Trial, language: Language) -> None:
    for reading in trial.readings:
        said = say("said", language, reading.time_said) if reading.time_said else say("arrival", language)
        named = "" if reading.named == reading.device else say("named", language, reading.named)
        about = reading.line, reading.kind, reading.device, named, _time(reading.time), said
        console.print("  " + escape(say("rule", language, *about)))
        table = Table(box=None, padding=(0, 1, 0, 4))
        for word in ("channel", "where", "says", "becomes"):
            table.add_column(say(word, language), overflow="fold")
        for value in reading.values:
            becomes = say("aside", language) if value.value is None else f"{value.value:,.12g} {_unit(value.unit)}"
            table.add_row(value.channel, escape(value.path), escape(f"{value.said} {_unit(value.said_unit)}"), becomes)
        console.print(table)
        if reading.apart_ms:
            console.print("    [yellow]" + escape(say("apart", language, -reading.apart_ms / 3_600_000)) + "[/yellow]")
        if reading.missing:
            console.print("    " + say("missing", language, ", ".join(reading.missing)))


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms since 1970"
