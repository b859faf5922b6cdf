"""What can be wrong with what a review is asked for.

ReviewError    the site, a meter, the period or a setting; the text says what there is
"""

from __future__ import annotations


class ReviewError(Exception):
    """A review that cannot be made as asked; the text says what is wrong and what there is."""
