"""Intake from others: meters and programs that publish plain JSON, by mapping files."""

from collector.foreign.loader import builtin_mappings, load_mapping, load_mappings, mapping_examples
from collector.foreign.mapping import Route
from collector.foreign.mappings import Mappings, is_foreign
from collector.foreign.model import Foreign, Map
from collector.foreign.reception import Reception
from collector.foreign.trial import Trial, try_message

__all__ = [
    "Foreign",
    "Map",
    "Mappings",
    "Reception",
    "Route",
    "Trial",
    "builtin_mappings",
    "is_foreign",
    "load_mapping",
    "load_mappings",
    "mapping_examples",
    "try_message",
]
