"""Chaos: real gateways, broker, collector and database, struck by faults, and every reading accounted for."""
