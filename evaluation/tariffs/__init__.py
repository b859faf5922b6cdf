"""What is in force: tariffs as dated, editable data, and the holidays they mean."""

from evaluation.tariffs.catalogue import Contract, Tariffs
from evaluation.tariffs.holidays import public_holidays

__all__ = ["Contract", "Tariffs", "public_holidays"]
