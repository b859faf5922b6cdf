"""A gateway's broker, overridden by ``WATTPROOF_BROKER_…``: without the server's configuration model or its parts."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry import Broker
from wattproof.settings import overlay


def broker_from(broker: Broker, environ: Mapping[str, str]) -> Broker:
    """Return the broker of a site file, with the environment's values over it (keeps passwords out of the file).

    Raises
    ------
    BadInputError
        A variable's value has the wrong type.
    """
    return overlay(broker, ("broker",), environ)
