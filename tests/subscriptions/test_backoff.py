"""The pause that a receiver asks for is understood in both forms, and bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.subscriptions.backoff import LONGEST_PAUSE, asked_pause

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        (" 120 ", timedelta(minutes=2)),
        ("9" * 20, LONGEST_PAUSE),
        ("Sun, 29 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Tue, 01 Dec 2026 12:00:01 GMT", LONGEST_PAUSE),
        ("Sun, 29 Nov 2026 11:59:00 GMT", timedelta()),
        ("soon", None),
        (None, None),
    ],
)
def test_a_pause_is_in_seconds_or_until_a_date_and_a_day_at_most(
    retry_after: str | None, pause: timedelta | None
) -> None:
    assert asked_pause(503, retry_after, NOW) == pause
    assert asked_pause(500, retry_after, NOW) is None
