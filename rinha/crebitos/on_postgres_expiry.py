"""Times between which a transaction looks for expired keys on PostgreSQL.

A removed key stays in the index as long as any snapshot sees it, such as that of a backup. A search
that began at the first key would pass all that were removed meanwhile, for each transaction. So it
begins where the last one ended. Once a minute it begins at the first, which finds keys that another
session had locked or that a clock was late for.
"""

from rinha.crebitos.limits import EXPIRED_KEYS_CHECK_ALL_US


class Expiry:
    def __init__(self, kept_us: int) -> None:
        self._kept_us = kept_us
        self._from_us = 0
        self._all_at_us = 0

    def times(self, now_us: int) -> tuple[bytes, bytes]:
        """Returns the earliest time of keys to look at, and the time before which they expire."""
        # A later time than that is of a clock that was ahead.
        if not now_us < self._all_at_us <= now_us + EXPIRED_KEYS_CHECK_ALL_US:
            self._from_us, self._all_at_us = 0, now_us + EXPIRED_KEYS_CHECK_ALL_US
        return b"%d" % self._from_us, b"%d" % (now_us - self._kept_us)

    def removed(self, newest_us: bytes | None) -> None:
        """Takes the time of the newest key that was removed, if one was."""
        if newest_us is not None:
            self._from_us = int(newest_us)
