"""A virtual factory on real sockets, with a known truth."""
