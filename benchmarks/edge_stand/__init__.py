"""The parts that `benchmarks.edge` runs as processes of their own: devices, a collector, the agent, its peer."""
