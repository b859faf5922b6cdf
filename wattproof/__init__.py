"""The `wattproof` command: the only place that puts rooms together."""
