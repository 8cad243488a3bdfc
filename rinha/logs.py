"""Logs JSON lines on stderr. A repeated error is logged once a minute."""

import logging
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Any

from rinha.bodies import encode, utc
from rinha.log_writer import LogWriter, without_c_code
from rinha.settings import LOG_FINISH_MAX_S, LOG_REPEAT_S
from rinha.terminal import printable

log = logging.getLogger("rinha")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": utc(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "pid": record.process,
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        # A terminal may obey more characters than JSON escapes.
        return printable(encode(line).decode())


class RepeatFilter(logging.Filter):
    """Passes a new error, and then a line each minute with the number of repetitions."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            return True
        key = (record.getMessage(), _place(record))
        logged_at, left_out = self._last.get(key, (None, 0))
        now = time.monotonic()
        if logged_at is not None and now - logged_at < LOG_REPEAT_S:
            self._last[key] = (logged_at, left_out + 1)
            return False
        if logged_at is not None:
            record.exc_info = None
            record.fields = getattr(record, "fields", {}) | {"repeated": left_out + 1}
        self._last[key] = (now, 0)
        return True


def _place(record: logging.LogRecord) -> str:
    """Returns the kind of error and the line that raised it. Its text may differ each time."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    frames = traceback.extract_tb(record.exc_info[2])
    return f"{record.exc_info[0].__name__} {frames[-1].filename}:{frames[-1].lineno}"


def setup(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(RepeatFilter())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level.upper())


def write_in_background() -> None:
    """Writes the log in a thread, so that its reader delays no request and no stop. Call `setup`
    after it."""
    writer = LogWriter(without_c_code(sys.stderr.fileno()), _log_dropped)
    sys.stderr = writer
    # By default these hooks print plain text.
    sys.excepthook = _log_last
    threading.excepthook = lambda args: log_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    sys.unraisablehook = lambda args: log_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def finish() -> None:
    """Writes the last lines before the process ends, within a time limit."""
    if isinstance(sys.stderr, LogWriter):
        sys.stderr.finish(LOG_FINISH_MAX_S)


def _log_dropped(lines: int) -> None:
    """Logs at any level that lines were dropped, as the log then has a gap."""
    event, extra = "log lines dropped: they were not read in time", {"fields": {"lines": lines}}
    log.handle(log.makeRecord(log.name, logging.WARNING, "", 0, event, (), None, extra=extra))


def _log_last(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Logs the error that ends the process. The process does not wait for the log's thread."""
    log_uncaught(kind, error, trace)
    finish()


def log_event(level: int, event: str, **fields: object) -> None:
    log.log(level, event, extra={"fields": fields})


def log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Logs an uncaught error, in place of sys.excepthook."""
    log.error("uncaught error", exc_info=(kind, error, trace))
