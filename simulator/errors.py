"""What can be wrong with the virtual factory.

SimulatorError
├── NoFactoryError           no built-in factory or file of that name
├── UnknownDeviceError       a device the factory does not have, or not of the kind that was asked for
├── OutsideScenarioError     a time before the scenario begins
└── LinkError                a port or a pseudo-terminal that cannot be had

A factory file that is unreadable or contradicts itself is a `telemetry.DocumentError`, with its line.
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Anything wrong with the virtual factory; the text says what, where and what to do."""


class NoFactoryError(SimulatorError):
    """No factory file was found under this name."""


class UnknownDeviceError(SimulatorError):
    """The factory has no such device, or the question does not fit its kind."""


class OutsideScenarioError(SimulatorError):
    """The virtual factory did not exist yet."""


class LinkError(SimulatorError):
    """A link of the factory could not be opened; nothing is being served."""
