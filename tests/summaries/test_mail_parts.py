"""The mail of a summary says the same as text and as HTML, in both languages, and escapes what it quotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from app.dashboard.view import parse_view
from app.html.wording import Wording
from app.i18n import LANGUAGES
from app.summaries.contents import SentenceGroup, SummaryContents, SummaryFigure, SummarySentence
from app.summaries.mail_parts import TABLE, mail_html, mail_text, subject
from app.summaries.schedule import Cadence, Schedule
from app.summaries.selection import SummarySelection

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CONTENTS = SummaryContents(
    schedule=Schedule(Cadence.day, time(7), BERLIN),
    selection=SummarySelection(parse_view((), NOW, BERLIN), "/dashboard", "Ours & theirs"),
    groups=[
        SentenceGroup(
            "Now", [SummarySentence("INC-1 <b>is</b> late.", "https://desk/inc?a=1&b=2", "Net & Co")]
        ),
        SentenceGroup("Missed", [SummarySentence("A target was missed.", None, None)]),
    ],
    total=12,
    urgent=1,
    left_off=5,
    omitted=3,
    good=["Backlog is better."],
    period="Oct 2026",
    figures=[
        SummaryFigure("Backlog", None, "12 · Met", "at most 20", "Usual variation", "Hit and miss"),
        SummaryFigure("Cost", "https://desk/kpi/cost", "No cases", "–", "–", "–"),
    ],
    position=12_345,
    lag_seconds=0.0,
    read_at=NOW,
    page_address="https://desk/dashboard",
    settings_address="https://desk/dashboard/summaries#1",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_say_the_same_words(language: str) -> None:
    wording = Wording(language, TABLE)
    text, html = mail_text(CONTENTS, wording), mail_html(CONTENTS, wording)
    assert "<b>is</b>" not in html
    shown_text = unescape(html)
    for words in (
        *("INC-1 <b>is</b> late.", "https://desk/inc?a=1&b=2", "(Net & Co)", "A target was missed."),
        *("Backlog is better.", "12 · Met", "at most 20", "Usual variation", "Hit and miss", "No cases"),
        *("12,345", "2026-11-27 07:00", "Europe/Berlin", "Oct 2026", "Ours & theirs"),
        *("https://desk/dashboard", "https://desk/dashboard/summaries#1"),
        wording.sentence("dashboard.more_sentences", n=5),
        wording.sentence("dashboard.omitted", n=3),
        wording.sentence("dashboard.attention_urgent", n=12, urgent=1),
        wording.sentence("sent_each_day", time="07:00", zone="Europe/Berlin"),
    ):
        assert words in text, words
        assert words in shown_text, words
    assert "…" not in text, "every blank is filled"
    assert subject(CONTENTS, wording).endswith(" · Ours & theirs")


def test_where_nothing_needs_attention_the_mail_says_so_and_has_the_figures() -> None:
    quiet = replace(
        CONTENTS, groups=[], total=0, urgent=0, left_off=0, omitted=0, good=[], selection=_of_everything()
    )
    wording = Wording("en", TABLE)
    assert subject(quiet, wording) == "Nothing needs attention"
    first, second, *_ = mail_text(quiet, wording).split("\n\n")
    assert first == "Nothing needs attention\nCovers everything that you can see"
    assert second.startswith("Watched figures, Oct 2026\n- Backlog: 12 · Met\n")


def _of_everything() -> SummarySelection:
    return SummarySelection(parse_view((), NOW, BERLIN), "/dashboard")
