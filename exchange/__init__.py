"""Tables in and out: meter exports and spreadsheets into the store, readings and aggregates out of it."""

from exchange.cells import BadCell, Decimal
from exchange.clock_texts import DateOrder
from exchange.errors import (
    BadCellsError,
    ConflictError,
    ExchangeError,
    ExportError,
    FileFormatError,
    MappingError,
    OpenQuestionsError,
)
from exchange.history import Joined
from exchange.loading import Loaded, fitted, load, oldest, refuse_unless_clear
from exchange.mapping import (
    Column,
    Hour,
    Mapping,
    StampsAt,
    TimeColumns,
    length_ms,
    length_said,
    parse_column,
    parse_mapping,
)
from exchange.mapping_text import mapping_text
from exchange.selection import Selection, select
from exchange.series import Duplicates
from exchange.summary import Summary, summarise
from exchange.tables import Exported, Format, export
from exchange.terminal import joined_text, render, said
from exchange.understanding import Understood, understand
from exchange.words import Language, Question, Words
from exchange.zones import zone_named

__all__ = [
    "BadCell",
    "BadCellsError",
    "Column",
    "ConflictError",
    "DateOrder",
    "Decimal",
    "Duplicates",
    "ExchangeError",
    "ExportError",
    "Exported",
    "FileFormatError",
    "Format",
    "Hour",
    "Joined",
    "Language",
    "Loaded",
    "Mapping",
    "MappingError",
    "OpenQuestionsError",
    "Question",
    "Selection",
    "StampsAt",
    "Summary",
    "TimeColumns",
    "Understood",
    "Words",
    "export",
    "fitted",
    "joined_text",
    "length_ms",
    "length_said",
    "load",
    "mapping_text",
    "oldest",
    "parse_column",
    "parse_mapping",
    "refuse_unless_clear",
    "render",
    "said",
    "select",
    "summarise",
    "understand",
    "zone_named",
]
