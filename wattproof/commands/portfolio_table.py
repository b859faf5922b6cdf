"""A programme's machines written to a file for a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wattproof.errors import UnavailableError
from wattproof.in_korean import Language

if TYPE_CHECKING:
    from evaluation import PortfolioResult


def write_table(result: PortfolioResult, target: Path, language: Language) -> None:
    """Write the machines as CSV or, where the name ends so, as XLSX.

    Raises
    ------
    UnavailableError
        When the file cannot be written.
    """
    import evaluation

    content = evaluation.portfolio_table(result, "xlsx" if target.suffix.lower() == ".xlsx" else "csv", language)
    # Beside the target: what is there stays until the new one is whole.
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UnavailableError(f"{target}: {error.strerror or error}") from error
