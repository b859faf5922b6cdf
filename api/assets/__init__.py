"""What the pages borrow from the npm registry, fetched when the package is built."""
