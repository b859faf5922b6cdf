"""The stand of `benchmarks.collector`: a city's gateways on one bare socket, and the collector as a process."""
