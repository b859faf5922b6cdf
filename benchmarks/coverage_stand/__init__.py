"""What `benchmarks.coverage` evaluates: retrofits made of arrays, the noise in them, and two real sites."""
