"""Everything that can go wrong on purpose, one tiny class each. Imports nothing of ours."""


class RinhaError(Exception):
    """The text of each is a reason that the person at the other end understands."""


class MalformedBodyError(RinhaError):
    """The body is not JSON at all."""


class BodyTooLargeError(RinhaError):
    """The body is longer than any transaction can be."""


class InvalidTransacaoError(RinhaError):
    """The body is JSON, but breaks a rule."""


class UnknownClienteError(RinhaError):
    """There is no such client."""


class LimiteExceededError(RinhaError):
    """The transaction would take the balance beyond its bounds."""


class ResetDisabledError(RinhaError):
    """Emptying the ledger is switched off."""


class LedgerBusyError(RinhaError):
    """Somebody else held the ledger for longer than a request may wait. Nothing was written."""


class LedgerUnavailableError(RinhaError):
    """The ledger's file cannot be read or written now. Nothing was written, but where a sync failed
    and a crash follows, the transaction may be found in the log and count after all."""


class LedgerUnusableError(RinhaError):
    """There is no ledger to start with: what was tried, on which path, and what helps."""


class SettingError(RinhaError):
    """A setting has a value that makes no sense."""
