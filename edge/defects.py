"""What is wrong with a site file or a profile, told in English and in Korean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from edge.defect_sentences import DEFECTS
from telemetry import Document, DocumentError


class DefectError(DocumentError):
    """A defect whose sentence there is in Korean, too.

    Parameters
    ----------
    error
        The same, in English.
    korean
        The sentence in Korean.
    """

    def __init__(self, error: DocumentError, korean: str) -> None:
        super().__init__(error.source, error.line, error.path, error.problem)
        self.korean = korean


class DefectsError(DocumentError):
    """Several defects of one profile at once; by itself it tells the first.

    Parameters
    ----------
    all
        At least one.
    """

    def __init__(self, all_: Sequence[DocumentError]) -> None:
        first = all_[0]
        super().__init__(first.source, first.line, first.path, first.problem)
        self.all = tuple(all_)


def defect(document: Document, path: str, key: str, **facts: str | float) -> DefectError:
    """Tell the defect `key` of the field `path`."""
    english, korean = DEFECTS[key]
    return DefectError(document.error(english.format(**facts), path), korean.format(**facts))


def each(error: DocumentError) -> Sequence[DocumentError]:
    """Every defect an error stands for."""
    return error.all if isinstance(error, DefectsError) else (error,)


def korean_of(error: DocumentError) -> str:
    """The sentence in Korean; that of a schema is translated, and what nobody foresaw stays English."""
    if isinstance(error, DefectError):
        return error.korean
    for pattern, korean in _SCHEMA:
        if found := pattern.fullmatch(error.problem):
            return korean.format(*found.groups())
    return error.problem


_SCHEMA: Final = [
    (re.compile(pattern, re.DOTALL), korean)
    for pattern, korean in (
        (r"missing key `([^`]+)`", "필수 항목 `{0}`이(가) 없음"),
        (r"key given twice, first on line (\d+)", "같은 항목이 두 번 있음 (처음은 {0}행)"),
        (r"cannot be read: (.*)", "파일을 읽을 수 없음: {0}"),
        (r"not valid YAML: (.*)", "YAML 문법 오류: {0}"),
        (r"expected `([^`]+)`, got `([^`]+)`", "`{0}` 형식이어야 하는데 `{1}`임"),
        (r"expected `([^`]+)` of length (.*)", "`{0}`의 길이는 {1} 이어야 함"),
        (r"expected `([^`]+)` (>=|<=|>|<) (.*)", "`{0}` 값은 {1} {2} 이어야 함"),
        (r"invalid enum value (.*)", "허용되지 않는 값 {0}"),
        (r"Invalid enum value (\S+)(?:; (?:it may be) (.*))?", "허용되지 않는 값 {0}; 가능한 값: {1}"),
    )
]
"""Sentences of the schema library, which says what it expected and what it got."""
