"""A ledger as a table, in English or Korean."""

from __future__ import annotations

from typing import Final, Literal

from rich.table import Table
from rich.text import Text

from chaos.ledger import MUST_BE_NONE, Ledger

Language = Literal["en", "ko"]

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "clean": ("every reading is where it must be, once", "모든 측정값이 있어야 할 곳에 한 번씩 있음"),
    "unclean": ("NOT every reading is where it must be", "있어야 할 곳에 없는 측정값이 있음"),
    "title": ("{0} faults in {1:,.0f} s, store {2}, seed {3}", "장애 {0}건, {1:,.0f}초, 저장소 {2}, 시드 {3}"),
    "must be 0": ("must be 0", "0이어야 함"),
    "is not 0": ("MUST BE 0", "0이 아님!"),
    "faults": ("faults", "건"),
    "times": ("times", "회"),
    "bytes": ("bytes", "바이트"),
    "readings": ("readings", "개"),
    "answers": ("answers", "개"),
    "s": ("s", "초"),
    "ms": ("ms", "ms"),
    "kill": ("kill -9", "강제 종료(kill -9)"),
    "stop": ("proper stop", "정상 종료"),
    "freeze": ("freeze (SIGSTOP)", "정지(SIGSTOP)"),
    "cut": ("line cut", "회선 단절"),
    "half_open": ("line half-open", "한쪽만 열린 연결"),
    "corrupt": ("line alters bytes", "회선에서 바이트 변조"),
    "delay": ("line delays", "회선 지연"),
    "throttle": ("line throttled", "회선 속도 제한"),
    "disk_full": ("disk full", "디스크 가득 참"),
    "kill_busy": ("kill -9 while readings pass", "측정값 처리 중 강제 종료"),
    "kill_stalled": ("kill -9 while disk or database fails", "디스크·DB 장애 중 강제 종료"),
    "kill_of": ("  of {0}", "  {0}"),
    "missed": ("  met nothing", "  아무 영향 없었음"),
    "ended_itself": ("{0} ended unasked", "{0} 스스로 종료"),
    "ended_badly": ("{0} ended with an error", "{0} 오류로 종료"),
    "hung": ("asked to end, and did not", "종료를 요청했으나 끝나지 않음"),
    "bytes_altered": ("altered on the lines", "회선에서 변조된 양"),
    "read": ("read", "읽음"),
    "stored": ("= stored", "= 저장됨"),
    "outbox": ("+ waiting in an outbox", "+ 아웃박스에서 대기"),
    "quarantined": ("+ quarantined", "+ 격리됨"),
    "gaps": ("+ in declared gaps", "+ 손실 구간으로 신고"),
    "unbalanced": ("+ unaccounted for", "+ 행방을 모름"),
    "lost": ("lost", "유실"),
    "undeclared": ("refused by a full disk, in no gap", "디스크가 차서 못 썼는데 손실 구간으로 신고하지 않음"),
    "unfounded": ("acknowledged, and kept nowhere", "확인 응답했으나 어디에도 없음"),
    "altered": ("stored with another value", "다른 값으로 저장됨"),
    "duplicated": ("stored twice", "중복 저장됨"),
    "invented": ("stored and never read", "읽지 않았는데 저장됨"),
    "unread": ("answered by a meter, taken by nobody", "계측기가 답했으나 아무도 읽지 않음"),
    "gaps_stored": ("declared a gap, yet stored", "손실 구간으로 신고했으나 저장됨"),
    "uncommitted": ("read, not committed when killed", "기록 전에 강제 종료됨"),
    "uncommitted_ms": ("  the oldest of them", "  그중 가장 오래된 것"),
    "refused": ("answers refused as late or in doubt", "늦거나 의심스러워 버린 응답"),
    "caught": ("answers to a gateway just killed", "강제 종료된 게이트웨이로 간 응답"),
    "recovery_s": ("longest until all delivered again", "모두 다시 전송하기까지 최장 시간"),
}


def table(ledger: Ledger, language: Language = "en") -> Table:
    """What struck, where every reading is, what must be none, and what is worth knowing."""

    def say(word: str, *values: object) -> str:
        return _WORDS[word][language == "ko"].format(*values)

    said = say("clean" if ledger.clean else "unclean")
    title = Text(
        say("title", sum(ledger.faults.values()), ledger.seconds, ledger.server or ledger.store, ledger.seed),
        style="bold",
    )
    shown = Table(
        title=title,
        title_justify="left",
        caption=Text(said, style="bold green" if ledger.clean else "bold red"),
        caption_justify="left",
        show_header=False,
    )
    for justify in ("left", "right", "left", "left"):
        shown.add_column(justify=justify, no_wrap=True)

    def row(word: str, value: str, unit: str) -> None:
        bad = word in ledger.violations
        must = say("is not 0" if bad else "must be 0") if word in MUST_BE_NONE else ""
        shown.add_row(say(word), value, say(unit), must, style="bold red" if bad else "")

    for kind, count in ledger.faults.items():
        row(kind, f"{count:,}", "faults")
        if kind in ledger.missed:
            shown.add_row(say("missed"), f"{ledger.missed[kind]:,}", say("faults"))
        if kind == "kill":
            for name, times in ledger.kills.items():
                shown.add_row(say("kill_of", name), f"{times:,}", say("times"))
    for word in ("ended_itself", "ended_badly"):
        for name, times in getattr(ledger, word).items():
            shown.add_row(say(word, name), f"{times:,}", say("times"))
    row("hung", f"{ledger.hung:,}", "times")
    row("bytes_altered", f"{ledger.bytes_altered:,}", "bytes")
    shown.add_section()
    for word in ("read", "stored", "outbox", "quarantined", "gaps", "unbalanced"):
        row(word, f"{getattr(ledger, word):,}", "readings")
    shown.add_section()
    for word in ("lost", "undeclared", "unfounded", "altered", "duplicated", "invented"):
        row(word, f"{getattr(ledger, word):,}", "readings")
    row("unread", f"{ledger.unread:,}", "answers")
    shown.add_section()
    row("gaps_stored", f"{ledger.gaps_stored:,}", "readings")
    row("uncommitted", f"{ledger.uncommitted:,}", "readings")
    row("uncommitted_ms", f"{ledger.uncommitted_ms:,.0f}", "ms")
    row("refused", f"{ledger.refused:,}", "answers")
    row("caught", f"{ledger.caught:,}", "answers")
    row("recovery_s", f"{ledger.recovery_s:,.1f}", "s")
    return shown
