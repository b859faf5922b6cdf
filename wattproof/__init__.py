"""The `wattproof` command: the only place that puts rooms together."""

__version__ = "0.1.0"
