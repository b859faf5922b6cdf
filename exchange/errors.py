"""What can be wrong with a file that comes in or goes out.

ExchangeError
├── FileFormatError      a file that is not the table it should be: encoding, delimiter, header
├── MappingError         a mapping or an option that does not fit the file
├── OpenQuestionsError   the file can be read in more than one way; `questions` has each with the option that settles it
├── BadCellsError        cells that are no number or no time, or times that have two values; `cells` has where
├── ConflictError        the store holds other readings where these would go
└── ExportError          an export that cannot be made
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from exchange.words import Language, Words

if TYPE_CHECKING:
    from exchange.cells import BadCell
    from exchange.words import Question

_SHOWN: Final = 5
_BOTH: Final[tuple[Language, Language]] = ("ko", "en")
"""In the order of `Words`."""


class ExchangeError(Exception):
    """Anything wrong with an import or an export; the text says what, where and what to do.

    Parameters
    ----------
    text, korean
        The sentence; its Korean where the room itself has it.
    """

    def __init__(self, text: str, korean: str = "") -> None:
        super().__init__(text)
        self.korean = korean

    def said(self, language: Language) -> str:
        """The sentence in one language, as far as there is one."""
        return self.korean if language == "ko" and self.korean else str(self)


class FileFormatError(ExchangeError):
    """A file that cannot be read as a table."""


class MappingError(ExchangeError):
    """A mapping that names what the file or the registry does not have."""


class OpenQuestionsError(ExchangeError):
    """A file that can be read in more than one way; nothing was imported."""

    def __init__(self, file: str, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        said = Words(*("; ".join(f"{each.text.said(of)} ({each.settled_by})" for each in questions) for of in _BOTH))
        super().__init__(
            f"{file}: not imported, because it can be read in more than one way: {said.en}",
            f"{file}: 두 가지로 읽을 수 있어 가져오지 않았습니다: {said.ko}",
        )


class BadCellsError(ExchangeError):
    """Cells that cannot be imported; nothing was imported."""

    def __init__(self, file: str, cells: Sequence[BadCell], total: int) -> None:
        self.cells = tuple(cells)
        shown = Words(*("; ".join(each.said(of) for each in self.cells[:_SHOWN]) for of in _BOTH))
        more = total - _SHOWN
        super().__init__(
            f"{file}: nothing imported: {shown.en}{f'; and {more:,} more' if more > 0 else ''}. Mend them, or import"
            " everything else with --skip-bad",
            f"{file}: 가져오지 않았습니다: {shown.ko}{f'; 외 {more:,}개' if more > 0 else ''}. 고치거나, --skip-bad로"
            " 나머지만 가져오십시오.",
        )


class ConflictError(ExchangeError):
    """The store holds readings that an import would contradict; nothing was imported."""


class ExportError(ExchangeError):
    """An export that cannot be made as it was asked for; no file was written."""
