"""What stands around the collector in `benchmarks.outage`: stores that go away, gateways, and a watch on its memory."""
