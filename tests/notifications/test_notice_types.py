"""The page of the types of notices names recipients for each of them."""

from __future__ import annotations

import re

from app.cli.upkeep import notice_types
from app.common.notices import NoticeType
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
