"""The page of the types of notices names recipients for each of them."""

from __future__ import annotations

import re

from app.cli.upkeep import notice_types
from app.common.notices import NoticeType
from app.i18n import sentences
from app.notifications.texts import EVENT_SENTENCES
from app.registry import LIFECYCLES


def test_every_type_of_notice_has_a_sentence_and_recipients() -> None:
    page = notice_types.as_markdown(LIFECYCLES)
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [row[0] for row in rows] == [notice.value for notice in NoticeType]
    recipients = {row[0]: row[3] for row in rows}
    assert recipients["update_overdue"] == "commander, person in charge, role incident manager"
    assert recipients["resolved"] == "requester, followers"
    assert recipients["to_sign"] == "representative, party representative"
    unnamed = [name for name, names in recipients.items() if names == "persons whom the event names"]
    assert unnamed == []


def test_an_approval_or_refusal_says_of_what_where_a_kind_has_several() -> None:
    for lifecycle in LIFECYCLES:
        for step in (NoticeType.approved, NoticeType.refused):
            events = {
                row.event
                for row in lifecycle.rows
                if any(rule.step is step for rule in row.consequences.notifies)
            }
            alike = events - EVENT_SENTENCES.keys()
            assert len(alike) <= 1, (step, alike)


def test_no_subject_names_the_number_behind_a_comma() -> None:
    for name, sentence in sentences("en")["notice"].items():
        assert not re.search(r", \{number\}[:.]?", sentence), name
