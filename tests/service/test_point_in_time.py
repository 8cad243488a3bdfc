"""A point in time is parsed as people type it."""

from datetime import UTC, datetime

import pytest

from rinha.errors import RestoreError
from rinha.replica import point_in_time

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-17T02:34:41.217753Z", "2024-01-17T02:34:41.217753+00:00"),
        ("2024-01-16T23:34:41-03:00", "2024-01-17T02:34:41+00:00"),
        ("2024-01-17 02:34", "2024-01-17T02:34:00+00:00"),
        ("2024-01-17", "2024-01-17T00:00:00+00:00"),
        (" 02:34:41 ", "2026-01-02T02:34:41+00:00"),
        ("2:34", "2026-01-02T02:34:00+00:00"),
        ("23:00", "2026-01-01T23:00:00+00:00"),
        ("10 min ago", "2026-01-02T02:54:05+00:00"),
        ("5s", "2026-01-02T03:04:00+00:00"),
        ("2h ago", "2026-01-02T01:04:05+00:00"),
        ("3 days ago", "2025-12-30T03:04:05+00:00"),
        ("90 Seconds ago", "2026-01-02T03:02:35+00:00"),
        ("1 hour ago", "2026-01-02T02:04:05+00:00"),
    ],
)
def test_a_time_is_parsed(text: str, iso: str) -> None:
    """A time has a zone or is in UTC; it is a date, a time of the last 24 hours, or an age."""
    assert point_in_time.parse(text, NOW).isoformat() == iso


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        *((text, "no time") for text in ("", "soon", "25:00", "2024-13-01", "9 parsecs ago")),
        *((text, "no time") for text in ("5 months ago", "2 moons", "1 decade")),
        *((text, "no time") for text in ("999999 d", "0001-01-01T00:00+23:59")),
        ("2026-01-02 03:04:06", "in the future"),
    ],
)
def test_other_text_is_refused(text: str, complaint: str) -> None:
    """Text that is no time, or a time in the future, is refused."""
    with pytest.raises(RestoreError, match=complaint):
        point_in_time.parse(text, NOW)
