"""One module per group of commands. Each imports its rooms when it runs, so that a gateway needs no server parts."""
