"""`python -m wattproof`."""

from wattproof.main import main

if __name__ == "__main__":
    main()
