"""Everything that can go wrong on purpose, a tiny class for each kind; editions name their own."""


class RinhaError(Exception):
    """The text of each is a reason that the person at the other end understands."""


class MalformedBodyError(RinhaError):
    """The body is not JSON at all."""


class BodyTooLargeError(RinhaError):
    """The body is longer than any request can be."""


class RuleBrokenError(RinhaError):
    """What was asked is well-formed, but against a rule."""


class MalformedQueryError(RinhaError):
    """The query string does not ask what it has to."""


class NotFoundError(RinhaError):
    """What the path names is not there."""


class ResetDisabledError(RinhaError):
    """Emptying the store is switched off."""


class StoreBusyError(RinhaError):
    """Somebody else held the store for longer than a request may wait. Nothing was written."""


class StoreUnavailableError(RinhaError):
    """The store cannot be read or written now. Nothing was written, but where a sync failed and a
    crash follows, the transaction may be found in the log and count after all."""


class OutcomeUnknownError(StoreUnavailableError):
    """The store went away, or its disk failed, before it was clear what became of what was asked:
    it may be done or not."""


class WalBrokenError(StoreUnavailableError):
    """The write-ahead log is not as it was written: the disk lost a part of it, or it was replaced.
    Nothing was written."""


class StoreUnusableError(RinhaError):
    """There is no store to start with: what was tried, on which path, and what helps."""


class SnapshotError(RinhaError):
    """No copy was written, and why."""


class RestoreError(RinhaError):
    """Nothing was restored, and why."""


class ReplicaError(RinhaError):
    """There is no copy that follows, or it cannot be used: why, and what helps."""


class MoveError(RinhaError):
    """No ledger was moved, and why."""


class ListenError(RinhaError):
    """The address cannot be listened on."""


class SettingError(RinhaError):
    """A setting has a value that makes no sense."""
