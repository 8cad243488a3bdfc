"""Names that contenders of a user's folder imported before; the next release removes them."""

import warnings

from bench.contender import Contender as Stack
from stack.part import Part, Share
from stack.run.processes import StackFailedError

__all__ = ["Part", "Share", "Stack", "StackFailedError"]

warnings.warn(
    "bench.parts.stack: import Part and Share from stack.part and Contender from "
    "bench.contender, and call the contender CONTENDER, not STACK",
    FutureWarning,
    stacklevel=2,
)
