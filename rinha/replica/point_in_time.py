"""Parses a past time as people type it. Without a zone it is UTC, as in all output of the
service."""

import re
from datetime import UTC, datetime, timedelta

from rinha.errors import RestoreError

# Whole words only: `5 months ago` is not 5 minutes ago.
AGO = re.compile(
    r"(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)( ago)?", re.IGNORECASE
)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
OF_TODAY = re.compile(r"\d\d?:\d\d(:\d\d(\.\d+)?)?")


def parse(text: str, now: datetime) -> datetime:
    """Parses RFC 3339, its shorter forms, a time of the last 24 hours, or `10 min ago`."""
    ago = AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{UNITS[ago[2][0].lower()]: int(ago[1])})
        if OF_TODAY.fullmatch(text.strip()):
            clock = text.strip() if text.strip()[1] != ":" else f"0{text.strip()}"
            time = datetime.fromisoformat(f"{now:%Y-%m-%d} {clock}+00:00")
            return time if time <= now else time - timedelta(days=1)
        time = datetime.fromisoformat(text.strip())
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RestoreError(
            f"{text!r} is no time: use 2024-01-17T02:34:41Z, 2024-01-17 02:34, 02:34:41 or 10m ago"
        ) from None
    if time > now:
        raise RestoreError(f"{text!r} is in the future: it is {now:%Y-%m-%d %H:%M:%S} UTC now")
    return time
