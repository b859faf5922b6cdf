"""`wattproof`, and `python -m wattproof`: quiet when it is interrupted, however early."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    try:
        from wattproof.main import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
