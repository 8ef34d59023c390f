"""A summary is sent once at its instant, with the rights, the language and the selection of then."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.common.people import Role, rule_caller
from app.dashboard import opening
from app.foundation.people.persons import EditPerson, RevokeRolePerson
from app.log.canonical import from_instant
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from app.summaries.contents import SETTINGS_PAGE
from app.summaries.queries import CLAIM_DURATION
from tests.attention.test_now import STATEMENT
from tests.client import Client, Json, an_incident
from tests.dashboard.test_dashboard_pages import KPI
from tests.dashboard.test_dashboard_pages import text as page_text
from tests.dashboard.test_frozen_views import recorded
from tests.extent import WHOLE
from tests.people import act
from tests.summaries.conftest import Mailing, parts


async def a_major(mailing: Mailing, manager: Client, team: str | None = None) -> Json:
    """A major incident that is open, of that team."""
    incident = await manager.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    if team is not None:
        await manager.post_ok(f"{path}/assign", {"team": team})
    await manager.post_ok(f"{path}/declare_major", STATEMENT)
    return incident


@pytest.fixture
async def manager(mailing: Mailing) -> Client:
    return await mailing.api.client("Mia", Role.incident_manager, Role.agent)


async def test_a_summary_comes_at_its_instant_in_the_words_of_attention(
    mailing: Mailing, manager: Client
) -> None:
    incident = await a_major(mailing, manager)
    saved = await mailing.save(manager, time_zone="Asia/Shanghai")
    await mailing.work_at(saved, seconds=-1)
    assert mailing.postbox.mails == []
    now = await mailing.work_at(saved)
    (mail,) = mailing.mails_to("Mia")
    text, html = parts(mail)
    assert mail["Subject"].startswith("Needs attention: ")
    assert (mail["From"], mail["Auto-Submitted"]) == ("desk@example.com", "auto-generated")
    settings = f"https://desk.example.org/it{SETTINGS_PAGE}#{saved['id']}"
    assert mail["List-Unsubscribe"] == f"<{settings}>"
    link = f"https://desk.example.org/it/desk/incident/{incident['number']}"
    for part in (text, html):
        assert f"{incident['number']} has been a major incident for " in part
        assert link in part
        assert settings in part
        assert "Sent every day at 07:00, Asia/Shanghai." in part
        assert "07:00, Asia/Shanghai" in part
        assert "as of log position" in part
    assert "\nNow\n- " in text
    assert "<style" not in html
    assert "style=" not in html
    after = await mailing.read(manager, saved)
    assert (from_instant(after["last_sent_at"]), after["failure"]) == (now, None)
    assert from_instant(after["next_at"]) == now + timedelta(days=1)
    await mailing.work(now + timedelta(hours=1))
    assert len(mailing.postbox.mails) == 1
    assert mailing.failures == []


async def test_it_is_in_the_language_that_its_reader_has_then(mailing: Mailing, manager: Client) -> None:
    incident = await a_major(mailing, manager)
    saved = await mailing.save(manager, cadence="week", weekday="fri", time_zone="Asia/Shanghai")
    in_chinese = EditPerson.model_validate({"locale": "zh"})
    await act(mailing.api.ledger, rule_caller("tests"), "person", "edit", manager.id, in_chinese)
    await mailing.work_at(saved)
    (mail,) = mailing.mails_to("Mia")
    text, html = parts(mail)
    assert "项需关注" in mail["Subject"]
    for part in (text, html):
        assert incident["number"] in part
        assert "每星期五 07:00 发送（Asia/Shanghai）。" in part
        assert "Sent every" not in part
    assert 'lang="zh-CN"' in html


async def test_a_summary_says_what_its_reader_may_see_and_counts_no_more(
    mailing: Mailing, manager: Client
) -> None:
    for team in ("mail", "apps"):
        await mailing.api.team(team)
    member = await mailing.api.client("Lin", Role.agent, teams=("mail",))
    outsider = await mailing.api.client("Wu", Role.agent, teams=("apps",))
    incident = await a_major(mailing, manager, "mail")
    for client in (member, outsider, manager):
        saved = await mailing.save(client)
    await mailing.work_at(saved)
    (of_member,), (of_outsider,), (of_manager,) = map(mailing.mails_to, ("Lin", "Wu", "Mia"))
    assert of_member["Subject"].startswith("Needs attention: ")
    assert of_outsider["Subject"] == "Nothing needs attention"
    assert incident["number"] in parts(of_member)[0]
    assert incident["number"] not in "".join(parts(of_outsider))
    for client, mail in ((member, of_member), (outsider, of_outsider), (manager, of_manager)):
        figures = (await client.read("/v1/kpis/behaviours"))["items"]
        table = parts(mail)[1].partition("<tbody>")[2]
        assert re.findall(r"/dashboard/kpi/(\w+)\?", table) == [figure["key"] for figure in figures]


async def test_rights_are_those_of_the_instant_at_which_it_is_sent(mailing: Mailing) -> None:
    manager = await mailing.api.client("Mia", Role.incident_manager, Role.agent)
    manager_too = await mailing.api.client("Nils", Role.incident_manager)
    leaver = await mailing.api.client("Gerd", Role.incident_manager)
    machine = await mailing.api.client("Mac", Role.incident_manager)
    incident = await a_major(mailing, manager)
    for client in (leaver, machine, manager_too):
        saved = await mailing.save(client)
    rule, ledger = rule_caller("tests"), mailing.api.ledger
    revoked = RevokeRolePerson(role="incident_manager")
    await act(ledger, rule, "person", "revoke_role", manager_too.id, revoked)
    await act(ledger, rule, "person", "deactivate", leaver.id)
    await mailing.work_at(saved)
    assert mailing.mails_to("Gerd") == []
    (mail,) = mailing.mails_to("Nils")
    assert incident["number"] not in parts(mail)[0]
    row = await ledger.db.row("select * from plumbing.summary where person_id = %s", (UUID(leaver.id),))
    assert row is not None
    assert (row["failure"], row["sent_at"]) == ("not_for_them", None)
    assert row["next_at"] > from_instant(saved["next_at"])
    await act(ledger, rule, "person", "erase", leaver.id)
    await mailing.work(row["next_at"])
    rows = await ledger.db.rows("select id from plumbing.summary where person_id = %s", (UUID(leaver.id),))
    assert rows == []


async def test_nothing_is_sent_when_nothing_needs_attention_if_so_wished(
    mailing: Mailing, manager: Client
) -> None:
    saved = await mailing.save(manager, only_when_needed=True)
    now = await mailing.work_at(saved)
    after = await mailing.read(manager, saved)
    assert mailing.postbox.mails == []
    assert (after["last_sent_at"], after["failure"]) == (None, None)
    assert from_instant(after["next_at"]) == now + timedelta(days=1)
    await a_major(mailing, manager)
    await mailing.work_at(after)
    assert len(mailing.mails_to("Mia")) == 1


async def test_after_an_outage_one_comes_late_and_not_one_for_each_day(
    mailing: Mailing, manager: Client
) -> None:
    saved = await mailing.save(manager)
    now = await mailing.work_at(saved, days=9, hours=5)
    assert len(mailing.mails_to("Mia")) == 1
    after = await mailing.read(manager, saved)
    assert from_instant(after["next_at"]) == from_instant(saved["next_at"]) + timedelta(days=10)
    await mailing.work(now)
    assert len(mailing.mails_to("Mia")) == 1


async def test_two_workers_at_once_send_one(mailing: Mailing, manager: Client) -> None:
    saved = [
        await mailing.save(manager, time_of_day=f"07:{minute:02}") for minute in range(10 if WHOLE else 4)
    ]
    now = max(from_instant(summary["next_at"]) for summary in saved)
    other = await connect(mailing.api.ledger.db.url, FOLLOW_LIMITS)
    await asyncio.gather(mailing.work(now), mailing.work(now, other))
    await other.close()
    names = [mail["Message-ID"] for mail in mailing.mails_to("Mia")]
    assert len(names) == len(set(names)) == len(saved)


async def test_a_worker_that_dies_loses_none_and_the_next_one_sends_the_same_message(
    mailing: Mailing, manager: Client
) -> None:
    saved = await mailing.save(manager)
    now = from_instant(saved["next_at"])
    dying = asyncio.create_task(mailing.work(now))

    async def die() -> None:
        mailing.postbox.before = None
        dying.cancel()

    mailing.postbox.before = die
    with pytest.raises(asyncio.CancelledError):
        await dying
    await mailing.work(now + CLAIM_DURATION - timedelta(seconds=1))
    assert (await mailing.read(manager, saved))["last_sent_at"] is None
    await mailing.work(now + CLAIM_DURATION)
    assert len({mail["Message-ID"] for mail in mailing.mails_to("Mia")}) == 1
    after = await mailing.read(manager, saved)
    assert from_instant(after["next_at"]) == now + timedelta(days=1)


async def test_a_server_that_does_not_take_it_is_asked_again_and_one_that_refuses_it_is_not(
    mailing: Mailing, manager: Client
) -> None:
    saved = await mailing.save(manager)
    mailing.postbox.answer = "450 later"
    now = await mailing.work_at(saved)
    assert [str(error).endswith("It will be tried again.") for error in mailing.failures] == [True]
    assert (await mailing.read(manager, saved))["next_at"] == saved["next_at"]
    mailing.postbox.answer = "250 taken"
    await mailing.work(now + timedelta(seconds=59))
    assert mailing.mails_to("Mia") == []
    await mailing.work(now + timedelta(minutes=1))
    assert len(mailing.mails_to("Mia")) == 1
    mailing.postbox.answer = "550 no"
    await mailing.work_at(await mailing.read(manager, saved))
    after = await mailing.read(manager, saved)
    assert (after["failure"], from_instant(after["next_at"])) == ("refused", now + timedelta(days=2))


async def test_whoever_changes_it_while_it_is_sent_is_not_overruled(
    mailing: Mailing, manager: Client
) -> None:
    saved = await mailing.save(manager)

    async def change() -> None:
        mailing.postbox.before = None
        # Not on the day on which it is sent now: it would be sent again at once.
        day = 15 if saved["next_at"][8:10] != "15" else 16
        await mailing.save(manager, saved["id"], cadence="month", day_of_month=day)

    mailing.postbox.before = change
    await mailing.work_at(saved)
    after = await mailing.read(manager, saved)
    assert (after["cadence"], after["version"], after["last_sent_at"]) == ("month", 2, None)


async def test_the_filters_of_a_saved_selection_apply_as_long_as_it_is_theirs(
    mailing: Mailing, manager: Client
) -> None:
    for team in ("mail", "apps"):
        await mailing.api.staffed_team(team)
    inside, outside = [await a_major(mailing, manager, team) for team in ("mail", "apps")]
    view_id = str(uuid4())
    view = {"name": "Mail only", "kind": "dashboard", "query": "page=team/mail&period=2026-W07"}
    assert (await manager.put(f"/v1/views/{view_id}", json=view)).status_code == 200
    saved = await mailing.save(manager, view=view_id)
    assert saved["view"] == {"id": view_id, "name": "Mail only"}
    await mailing.work_at(saved)
    (mail,) = mailing.mails_to("Mia")
    text, _ = parts(mail)
    assert mail["Subject"].endswith(" · Mail only")
    assert inside["number"] in text
    assert outside["number"] not in text
    assert "Covers the selection “Mail only”" in text
    assert re.search(r"/dashboard/team/mail\?period=\d{4}-W\d\d&", text), "the last week that is over"
    assert "2026-W07" not in text
    assert (await manager.delete(f"/v1/views/{view_id}")).status_code == 204
    without = await mailing.read(manager, saved)
    assert without["view"] == {"id": view_id, "name": None}
    await mailing.work_at(without)
    text, _ = parts(mailing.mails_to("Mia")[1])
    assert "The saved selection of this summary was deleted" in text
    assert inside["number"] in text
    assert outside["number"] in text
    after = await mailing.read(manager, saved)
    assert (after["view"], after["version"]) == (None, 2)
    await mailing.work_at(after)
    text, _ = parts(mailing.mails_to("Mia")[2])
    assert "no longer there" not in text, "it is said once"


async def test_figures_are_those_of_the_page_and_of_a_period_that_is_over(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorded(mailing.api)
    quan = await mailing.api.client("Quan", Role.quality_manager)
    saved = await mailing.save(quan)
    sent_at = await mailing.work_at(saved)
    # In the morning on which the mail is sent another month may be over.
    monkeypatch.setattr(opening, "utc_now", lambda: sent_at)
    (mail,) = mailing.mails_to("Quan")
    text, html = parts(mail)
    page = await page_text(quan, "")
    (row,) = re.findall(rf'<tr>\s*<th scope="row"><a href="[^"]*/kpi/{KPI}\?.*?</tr>', page, re.DOTALL)
    name, value = (
        re.findall(rf'/kpi/{KPI}\?[^"]*">([^<]*)</a>', row)[0],
        re.findall(r'value">([^<]*)', row)[0],
    )
    # A month that was recorded only in part has no mark, neither on the page nor in the mail.
    marks = re.findall(r'class="mark \w+"><span[^>]*>[^<]*</span> ([^<]*)', row)
    assert f"- {name}: {value.strip()}" in text
    (mailed_row,) = re.findall(rf'<tr><th scope="row"[^>]*><a href="[^"]*/kpi/{KPI}\?.*?</tr>', html)
    for words in (name, value.strip(), *marks):
        assert words in mailed_row
    assert "so far" not in text
