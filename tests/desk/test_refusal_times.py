"""Times in refusals: by the reader's clocks on pages, and in UTC for programs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.i18n import LANGUAGES, Word, sentences, translate
from app.i18n.clocks import REFUSALS, refusals_in_zone
from tests.client import Api, an_incident
from tests.desk.sent_forms import said
from tests.desk.test_pages import page, send

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIME = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_on_a_page_states_times_by_the_clocks_of_the_reader(language: str) -> None:
    for table, by_code in sentences(language).items():
        for code, sentence in by_code.items():
            if "{since}" not in sentence and "{until}" not in sentence:
                continue
            words: dict[str, Word] = {"since": TIME, "until": [TIME, "2026-12-01T02:00:00Z"]}
            with refusals_in_zone(SHANGHAI):
                text = translate(language, table, code, words)
            assert ("2026-12-01 10:00 UTC+8" in text) == (table in REFUSALS), text
            assert "2026-12-01 02:00 UTC" in translate(language, table, code, words)


def test_a_time_that_a_page_names_is_accepted_there() -> None:
    seconds = TIME + timedelta(seconds=30)
    with refusals_in_zone(SHANGHAI):
        latest = translate("en", "value", "too_far_ahead", {"until": seconds})
        earliest = translate("en", "value", "before_it_was_added", {"since": seconds})
    assert latest.endswith("2026-12-01 10:00 UTC+8")
    assert "2026-12-01 10:01 UTC+8" in earliest
    assert translate("en", "value", "too_far_ahead", {"until": seconds}).endswith("2026-12-01 02:00:30 UTC")


async def test_forms_and_records_refuse_with_times_of_the_reader_and_the_api_in_utc(api: Api) -> None:
    chair, member = [await api.client(name, Role.change_manager, Role.agent) for name in ("Ada", "Bo")]
    begins = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(days=3)
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    called = {"title": "Board", "meeting_kind": "cab", "chair": "me", "persons": [member.id], **times}
    meeting = await chair.post_ok("/v1/meetings", called)
    await chair.post_ok(f"/v1/meetings/{meeting['id']}/ask_decision", {"question": "Now?"})
    local = f"begins on {begins.astimezone(SHANGHAI):%Y-%m-%d %H:%M} UTC+8"
    zone = {"cookie": "time_zone=Asia/Shanghai"}
    assert local in await page(member, f"/desk/meeting/{meeting['number']}/vote", **zone)
    (waiting,) = (await member.read("/v1/me/work"))["votes"]
    vote = {"decision": waiting["decision"], "verdict": "approve"}
    refusal = await member.post(f"/v1/meetings/{meeting['id']}/vote", json=vote)
    assert f"begins on {begins:%Y-%m-%d %H:%M} UTC." in refusal.json()["detail"]

    opened = await member.post_ok("/v1/incidents", an_incident())
    early = datetime.now(SHANGHAI) - timedelta(days=1)
    values = {"time_zone": "Asia/Shanghai", "/occurred_at": f"{early:%Y-%m-%dT%H:%M}"}
    refused = await send(member, f"/desk/incident/{opened['number']}/acknowledge", **values)
    assert re.search(r"ust not be before [\d-]+ [\d:]{5} UTC\+8", refused.text), said(refused.text)
