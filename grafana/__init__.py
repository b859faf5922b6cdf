"""Grafana's datasource and dashboards, generated from one source."""
