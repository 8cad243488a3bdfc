"""Student's distribution, exact for any whole number of degrees of freedom."""

import math
from functools import cache

HALVINGS = 60  # a double has 53 bits


def share_within(steps: float, freedom: int) -> float:
    """Returns the probability of a value at most so many standard errors from the mean."""
    angle = math.atan2(steps, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    # The finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    first = freedom % 2
    total, term = 0.0, cosine if first else 1.0
    for power in range(first, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return (angle + sine * total) * 2 / math.pi if first else sine * total


@cache
def steps_for(share: float, freedom: int) -> float:
    """Returns the number of standard errors within which this share of the values lies."""
    low, high = 0.0, 1.0
    while share_within(high, freedom) < share:
        high *= 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share_within(middle, freedom) < share else (low, middle)
    return high
