"""One small `Store` interface and its engines."""
