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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.cells import BadCell
    from exchange.words import Question


class ExchangeError(Exception):
    """Anything wrong with an import or an export; the text says what, where and what to do."""


class FileFormatError(ExchangeError):
    """A file that cannot be read as a table."""


class MappingError(ExchangeError):
    """A mapping that names what the file or the registry does not have."""


class OpenQuestionsError(ExchangeError):
    """A file that can be read in more than one way; nothing was imported."""

    def __init__(self, file: str, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        said = "; ".join(f"{each.text.en} ({each.settled_by})" for each in questions)
        super().__init__(f"{file}: not imported, because it can be read in more than one way: {said}")


class BadCellsError(ExchangeError):
    """Cells that cannot be imported; nothing was imported."""

    def __init__(self, file: str, cells: Sequence[BadCell], total: int, cure: str) -> None:
        self.cells = tuple(cells)
        shown = "; ".join(str(each) for each in self.cells[:5])
        more = f"; and {total - 5} more" if total > 5 else ""
        super().__init__(f"{file}: nothing imported: {shown}{more}. {cure}")


class ConflictError(ExchangeError):
    """The store holds readings that an import would contradict; nothing was imported."""


class ExportError(ExchangeError):
    """An export that cannot be made as it was asked for; no file was written."""
