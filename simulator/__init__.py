"""A virtual factory on real sockets, with a known truth."""

from simulator.errors import (
    LinkError,
    NoFactoryError,
    OutsideScenarioError,
    SimulatorError,
    UnknownDeviceError,
)
from simulator.factory import Factory, PlanWindows, Span, Truth, load_factory
from simulator.server import serve, wall_clock
from simulator.site import site_document

__all__ = [
    "Factory",
    "LinkError",
    "NoFactoryError",
    "OutsideScenarioError",
    "PlanWindows",
    "SimulatorError",
    "Span",
    "Truth",
    "UnknownDeviceError",
    "load_factory",
    "serve",
    "site_document",
    "wall_clock",
]
