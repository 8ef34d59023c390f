"""The page of mailed summaries, as a browser uses it: one is added, changed and removed."""

from __future__ import annotations

import re
from uuid import uuid4

from app.common.people import Role
from tests.dashboard.test_dashboard_pages import INLINE, page, text
from tests.dashboard.test_frozen_views import send
from tests.summaries.conftest import PATH, Mailing

PAGE = "/summaries"
FORM = re.compile(
    r'<form class="fields" method="post" action="/dashboard(/summaries/[^"]+)">(.*?)</form>', re.DOTALL
)


async def test_a_summary_is_added_changed_and_removed_by_the_forms_of_its_page(mailing: Mailing) -> None:
    zhao = await mailing.api.client("Zhao", Role.agent)
    other = await mailing.api.client("Olga", Role.agent)
    view_id = str(uuid4())
    view = {"name": "Urgent ones", "kind": "dashboard", "query": "page=&priority=P1"}
    assert (await zhao.put(f"/v1/views/{view_id}", json=view)).status_code == 200
    assert 'href="/dashboard/summaries">Mail me a summary' in await text(zhao, "")
    empty = await text(zhao, PAGE)
    assert "You have no mailed summaries." in empty
    ((action, form),) = FORM.findall(empty)
    assert f'<option value="{view_id}">Urgent ones' in form
    for name in ("cadence", "weekday", "day_of_month", "time_of_day", "time_zone", "only_when_needed"):
        assert f'name="{name}"' in form
    weekly = {"cadence": "week", "weekday": "tue", "day_of_month": "1", "time_of_day": "06:30"}
    chosen = {"time_zone": "Asia/Kathmandu", "view": view_id, "only_when_needed": "yes"}
    answer = await send(zhao, action, **weekly, **chosen)
    (saved,) = (await zhao.read(PATH))["items"]
    assert answer.headers["location"] == f"/dashboard{PAGE}#{saved['id']}"
    assert (saved["weekday"], saved["time_of_day"], saved["view"]["id"]) == ("tue", "06:30", view_id)
    await send(zhao, action, **weekly, **chosen)
    assert len((await zhao.read(PATH))["items"]) == 1, "a form that is sent twice adds one"
    listed = await text(zhao, PAGE)
    assert "Sent every Tuesday at 06:30, Asia/Kathmandu." in listed
    assert "Covers the selection “Urgent ones” · Only when something needs attention." in listed
    assert INLINE.findall(listed) == []
    (change, form), _ = FORM.findall(listed)
    assert change == f"{PAGE}/{saved['id']}"
    assert f'<option value="{view_id}" selected>' in form
    await send(zhao, change, cadence="month", day_of_month="31", time_of_day="07:00", time_zone="UTC")
    in_chinese = await text(zhao, PAGE, lang="zh")
    assert "每月 31 日 07:00 发送（UTC）。" in in_chinese
    assert "范围：您可见的全部内容" in in_chinese
    assert saved["id"] not in await text(other, PAGE)
    assert (await send(other, f"{change}/remove")).status_code == 404
    await send(zhao, f"{change}/remove")
    assert (await zhao.read(PATH))["items"] == []


async def test_what_is_refused_is_said_on_a_page(mailing: Mailing) -> None:
    zhao = await mailing.api.client("Zhao")
    for wrong in ({"time_zone": "Mars"}, {"day_of_month": "32"}, {"day_of_month": "x"}, {"cadence": ""}):
        answer = await send(
            zhao, f"{PAGE}/{uuid4()}", **{"cadence": "month", "time_of_day": "07:00", **wrong}
        )
        assert (answer.status_code, "<html" in answer.text) == (422, True), wrong
    assert (await zhao.read(PATH))["items"] == []
    mailing.api.ledger.settings = mailing.api.ledger.settings.model_copy(update={"smtp_host": None})
    await mailing.save(zhao)
    assert "This service has no mail server, so no mails are sent." in (await page(zhao, PAGE)).text
