"""Errors that the service raises on purpose, one class for each kind. Editions add their own."""

# What a client does after an unknown outcome.
RETRY = (
    "send it again with its Idempotency-Key; without one, read the state before you send it again"
)


class RinhaError(Exception):
    """Base of all errors. The text is a reason that the client or the operator understands."""


class MalformedBodyError(RinhaError):
    """The body is not JSON."""


class BodyTooLargeError(RinhaError):
    """The body is longer than the edition allows."""


class RuleBrokenError(RinhaError):
    """The request is well-formed, but breaks a rule."""


class MalformedQueryError(RinhaError):
    """The query string lacks a valid parameter."""


class MalformedHeaderError(RinhaError):
    """A header has an invalid value."""


class NotFoundError(RinhaError):
    """The path names something that does not exist."""


class ResetDisabledError(RinhaError):
    """POST /reset is switched off."""


class StoreBusyError(RinhaError):
    """The store was locked for longer than a request may wait. Nothing was written."""


class NotUpgradedError(StoreBusyError):
    """The store lacks what this request needs, while an older program uses it. Nothing was
    written."""


class StoreUnavailableError(RinhaError):
    """The store cannot be read or written now. Nothing was written. After a failed sync and a
    crash, the transaction may still be found in the WAL and count."""


class OutcomeUnknownError(StoreUnavailableError):
    """The store or its disk failed before the outcome was known: the request may be done or not."""


class WalBrokenError(StoreUnavailableError):
    """The WAL is not as it was written: the disk lost a part of it, or it was replaced. Nothing was
    written."""


class StoreUnusableError(RinhaError):
    """The store cannot be opened. The text says what was tried, on which path, and what helps."""


class SnapshotError(RinhaError):
    """The snapshot failed and wrote no file."""


class RestoreError(RinhaError):
    """The restore failed. The text says why, and what is in place now."""


class ReplicaError(RinhaError):
    """The replica is missing or cannot be used. The text says why, and what helps."""


class MoveError(RinhaError):
    """The move failed. The text says why."""


class ListenError(RinhaError):
    """The service cannot listen on the address."""


class SettingError(RinhaError):
    """A setting has an invalid value."""
