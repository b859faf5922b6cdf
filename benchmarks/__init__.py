"""Benchmarks: ratios against a named alternative measured in the same run, because machines are shared and noisy.

``python -m benchmarks.NAME [--json]`` prints a table and, with ``--json``, one JSON object on its last line.
``python -m benchmarks`` (``make bench``) runs them all and writes ``docs/benchmarks.md``.
"""
