"""What `benchmarks.families` evaluates."""
