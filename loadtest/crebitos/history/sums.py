"""Sums of unanswered transactions: the jumps of a balance that they can explain."""

from bisect import bisect_right

from loadtest.crebitos.history.operation import Operation
from loadtest.limits import UNKNOWN_SUMS_MAX


class ReachableSums:
    """All sums of unanswered transactions, as a set of bits that grows as they are sent.

    None of them is used up: two jumps may rely on the same one. That may miss a fault, and never
    blames a service that is right.
    """

    def __init__(self, unknown: list[Operation]) -> None:
        self.rows = frozenset(op.fingerprint for op in unknown)
        self.too_many = len(unknown) > UNKNOWN_SUMS_MAX
        self._sent_ns = sorted(op.sent_ns for op in unknown)
        self._deltas = [op.delta for op in sorted(unknown, key=lambda op: op.sent_ns)]
        self._taken = 0
        self._lowest = 0
        self._bits = 1
        self._bytes = b"\x01"

    def any_sent_before(self, moment_ns: int) -> bool:
        return bool(self._sent_ns) and self._sent_ns[0] <= moment_ns

    def lowest(self, moment_ns: int) -> int:
        """Returns the lowest sum of the transactions sent by then."""
        known = bisect_right(self._sent_ns, moment_ns)
        return sum(delta for delta in self._deltas[:known] if delta < 0)

    def reachable(self, gap: int, moment_ns: int) -> bool:
        """Returns whether some of the transactions sent by then add up to the gap."""
        if self.too_many:
            return True
        known = bisect_right(self._sent_ns, moment_ns)
        if known > self._taken:
            self._take(known)
        place = gap - self._lowest
        return 0 <= place < len(self._bytes) * 8 and bool(
            self._bytes[place >> 3] >> (place & 7) & 1
        )

    def _take(self, known: int) -> None:
        for delta in self._deltas[self._taken : known]:
            if delta > 0:
                self._bits |= self._bits << delta
            else:
                self._bits |= self._bits << -delta
                # The lowest sum moves down: the bit of place 0 is at -delta now, and the unmoved
                # copy is the one with this delta applied.
                self._lowest += delta
        self._taken = known
        self._bytes = self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
