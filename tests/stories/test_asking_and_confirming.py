"""A requester's and a desk's day with requests: asked back, confirmed, delivered, looked after; over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from app.common.people import Role
from app.desk.portal.tickets import TABLE
from app.i18n import LANGUAGES, translate
from tests.automation.worker import Worker
from tests.client import Api, Client, Json, an_incident
from tests.desk.sent_forms import read_form, send_form
from tests.desk.test_portal import fill, offered_item, page

ASSESSED: Json = {"category": "mail", "impact": "3", "urgency": "3", "path": "standard", "assignee": "me"}
WANTED: Json = {
    "background": "目前以纸质方式请假。",
    "functional": "Ask, approve, see what is left.",
    "performance": "Two thousand people on a Monday morning.",
    "interfaces": "The payroll system.",
    "data": "Who has how many days.",
    "criteria": [{"text": "余额正确", "shown_by": "data_check"}],
    "acceptance_group": "leave",
}


@dataclass
class House:
    """Somebody who asks, a desk, an engineer, and a worker."""

    api: Api
    requester: Client
    desk: Client
    engineer: Client

    async def work(self) -> None:
        """What follows by rules, and who is told of it a minute later."""
        worker = Worker(self.api.ledger)
        for seconds in (0, 61):
            await worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
        assert worker.failures == []

    async def told(self, client: Client) -> list[str]:
        """What the person was told so far, in its order."""
        query = "select unnest(steps) as step from fold.notice where person_id = %s order by id"
        return [row["step"] for row in await self.api.ledger.db.rows(query, (client.id,))]

    async def analysing(self) -> str:
        """Where a project is that the engineer analyses, with a group that will accept it."""
        admin = await self.api.client("Admin", Role.admin)
        await admin.post_ok("/v1/groups", {"key": "leave", "name": "验收组", "chair": self.requester.id})
        member = {"person": self.requester.id, "side": "business"}
        await admin.post_ok("/v1/groups/leave/add_member", member)
        wish = {"title": "请假系统", "description": "On paper.", "channel": "portal", "urgency": "3"}
        path = f"/v1/requests/{(await self.requester.post_ok('/v1/requests', wish))['number']}"
        await self.desk.post_ok(f"{path}/assess", ASSESSED | {"path": "project"})
        await self.desk.post_ok(f"{path}/assign", {"person": self.engineer.id})
        return path


@pytest.fixture
async def house(api: Api) -> House:
    return House(
        api,
        await api.client("Zhao Min"),
        await api.client("Lin", Role.agent),
        await api.client("Emil", Role.engineer),
    )


async def fault(client: Client, path: str, body: Json | None = None) -> tuple[str, str]:
    """Where the body is wrong, and the code; or where nothing is, of the refusal."""
    answer = await client.post(path, json=body or {})
    assert answer.status_code in (403, 409, 422), answer.text
    problem = answer.json()
    return next(((e["pointer"], e["code"]) for e in problem.get("errors", ())), ("", problem["code"]))


async def edit(client: Client, changes: Json) -> httpx.Response:
    """What the client is answered who edits the item."""
    path = "/v1/catalogue_items/mailbox"
    version = (await client.get(path)).headers["etag"]
    return await client.patch(path, json=changes, headers={"if-match": version})


async def test_the_desk_asks_back_before_it_assesses_and_the_answer_goes_on(house: House) -> None:
    wish = {"title": "A key", "description": "Please.", "channel": "portal", "urgency": "3"}
    request = await house.requester.post_ok("/v1/requests", wish)
    path, page_path = f"/v1/requests/{request['id']}", f"/portal/request/{request['number']}"
    elsewhere = {"reason": "other", "question": "For which room?"}
    assert await fault(house.desk, f"{path}/hold", elsewhere) == ("/question", "question_to_requester")
    held = await house.desk.post_ok(f"{path}/hold", {**elsewhere, "reason": "awaiting_requester"})
    assert (held["state"], held["hold_question"]) == ("on_hold", "For which room?")
    (question,) = (await house.requester.read(f"{path}/comments"))["items"]
    assert (question["text"], question["visibility"]) == ("For which room?", "public")
    await house.work()
    assert "to_answer" in await house.told(house.requester)
    for language in LANGUAGES:
        html = await page(house.requester, page_path, language)
        assert "For which room?" in html
        assert translate(language, TABLE, "next_awaiting_answer", {"question": "For which room?"}) in html
    assert (await fill(house.requester, f"{page_path}/comment", text="2.017")).status_code == 303
    await house.work()
    resumed = await house.desk.read(path)
    assert (resumed["state"], resumed["hold_question"]) == ("submitted", None)
    await house.desk.post_ok(f"{path}/assess", ASSESSED)


async def test_a_question_is_asked_and_the_ticket_held_in_one_command_also_of_ones_own(house: House) -> None:
    for asker in (house.requester, house.desk):
        incident = await asker.post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{incident['id']}"
        await house.desk.post_ok(f"{path}/assign", {"person": "me"})
        await house.desk.post_ok(f"{path}/hold", {"reason": "awaiting_requester", "question": "Which room?"})
        events = (await house.desk.read(f"{path}/events"))["items"][-2:]
        assert [event["type"] for event in events] == ["incident.held", "incident.commented"]
        assert events[0]["correlation_id"] == events[1]["correlation_id"]
        await house.work()
        assert (await house.desk.read(path))["state"] == "on_hold", "a question is no answer"
        comment = (await house.desk.read(f"{path}/comments"))["items"][0]
        await house.desk.post_ok(f"{path}/withdraw_comment", {"comment": comment["id"]})
        withdrawn = (await house.desk.read(f"{path}/comments"))["items"][0]
        assert withdrawn["text"] is None


async def test_an_item_supplies_title_and_description_and_what_is_open_is_named_at_delivery(
    house: House,
) -> None:
    await offered_item(
        house.api,
        title_template="Mailbox ({size}), {seats} seats",
        description_template="{size} for {seats}",
        checklist=["Create it", "Tell them"],
    )
    form_path = "/portal/catalogue_item/mailbox"
    named = read_form((await house.requester.get(form_path)).text).named
    assert not named & {"/title", "/description"}
    opened = await fill(house.requester, form_path, answers__seats="4", answers__size="l")
    assert opened.status_code == 303, opened.text
    path = f"/v1/requests/{opened.headers['location'].partition('?')[0].rpartition('/')[2]}"
    request = await house.desk.read(path)
    assert (request["title"], request["description"]) == ("Mailbox (Large), 4 seats", "Large for 4")
    (submitted,) = [e for e in (await house.desk.read(f"{path}/events"))["items"] if "submitted" in e["type"]]
    assert submitted["given"]["title"] == request["title"]

    await house.desk.post_ok(f"{path}/assess", ASSESSED)
    first, _ = (await house.desk.read(f"{path}/tasks"))["items"]
    await house.desk.post_ok(f"{path}/complete_task", {"task": first["id"], "outcome": "Made."})
    answer = await house.desk.post(f"{path}/fulfil", json={"delivered": "A mailbox."})
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/open_tasks_reason", "checklist_is_open")
    assert "Tell them" in error["message"]
    assert "Create it" not in error["message"]
    delivered = {"delivered": "A mailbox.", "open_tasks_reason": "They know it already."}
    await house.desk.post_ok(f"{path}/fulfil", delivered)
    event = (await house.desk.read(f"{path}/events"))["items"][-1]
    assert event["given"]["open_tasks_reason"] == "They know it already."
    shown_event = (await house.requester.read(f"{path}/events"))["items"][-1]
    assert "open_tasks_reason" not in shown_event["given"], (
        "what staff left undone is no business of the requester's"
    )


async def test_who_gives_no_title_to_a_request_without_a_template_is_told_so(house: House) -> None:
    await offered_item(house.api)
    body = {"item": "mailbox", "answers": {"seats": 4}, "channel": "portal", "urgency": "3"}
    assert await fault(house.requester, "/v1/requests", body) == ("/title", "missing")
    keeper = await house.api.client("Kim", Role.admin, Role.service_level_manager)
    for template, code in (("{colour}", "template_field"), ("{size", "template_braces")):
        wrong = {"title_template": template}
        answer = await edit(keeper, wrong)
        assert answer.json()["errors"][0]["code"] == code, answer.text
    words = {"type": "string", "maxLength": 50, "x-label": {"en": "Why", "zh": "用途"}}
    form = {"type": "object", "properties": {"why": words}}
    free = {"form": form, "title_template": "For {why}"}
    answer = await edit(keeper, free)
    assert answer.json()["errors"][0]["pointer"] == "/title_template"
    supplied = {"form": form, "title_template": "A mailbox", "description_template": "For {why}"}
    assert (await edit(keeper, supplied)).status_code == 200
    request = await house.requester.post_ok("/v1/requests", {**body, "answers": {"why": "sales"}})
    assert (request["title"], request["description"]) == ("A mailbox", "For sales")


async def test_the_requester_returns_requirements_and_confirms_them_in_the_portal(house: House) -> None:
    path = await house.analysing()
    page_path = f"/portal/request/{path.rpartition('/')[2]}"
    assert await fault(house.requester, f"{path}/agree_to_requirements") == ("", "no_requirements_proposed")
    requirements = WANTED | {"heard": [house.requester.id]}
    await house.engineer.post_ok(f"{path}/propose_requirements", requirements)
    assert await fault(house.engineer, f"{path}/agree_to_requirements") == ("", "forbidden")
    await house.work()
    (item,) = (await house.requester.read("/v1/me/work"))["asked"]
    assert item["action"] == "agree_to_requirements"
    for language in LANGUAGES:
        html = await page(house.requester, page_path, language)
        for text in (WANTED["background"], "余额正确", translate(language, TABLE, "next_to_confirm", {})):
            assert text in unescape(html)
    returned = await fill(house.requester, f"{page_path}/return_requirements", reason="半天假呢？")
    assert returned.status_code == 303, returned.text
    await house.work()
    assert "requirements_answered" in await house.told(house.engineer)
    assert WANTED["background"] not in await page(house.requester, page_path)
    await house.engineer.post_ok(
        f"{path}/propose_requirements", requirements | {"functional": "Half days, too."}
    )
    await house.engineer.post_ok(f"{path}/propose_requirements", requirements | {"functional": "Whole days."})
    assert await fault(house.requester, f"{path}/agree_to_requirements") == ("", "proposal_rewritten")
    form = read_form((await house.requester.get(f"{page_path}/agree_to_requirements")).text)
    agreed = await send_form(house.requester, f"{page_path}/agree_to_requirements", form.inputs)
    assert agreed.status_code == 303, agreed.text
    request = await house.requester.read(path)
    assert (request["state"], request["requirements_proposed_at"]) == ("requirements_confirmed", None)
    assert request["requirements_confirmed_at"] is not None
    (document,) = (await house.requester.read(f"{path}/documents"))["items"]
    assert (document["document_class"], document["state"], document["edition"]) == ("SN", "published", 3)


async def test_an_engineer_records_a_confirmation_that_was_given_elsewhere(house: House) -> None:
    path = await house.analysing()
    requirements = WANTED | {"heard": [house.requester.id]}
    await house.engineer.post_ok(f"{path}/propose_requirements", requirements)
    by_telephone = {"confirmed_at": datetime.now(UTC).isoformat(), "confirmation_method": "telephone"}
    confirmed = await house.engineer.post_ok(f"{path}/confirm_requirements", requirements | by_telephone)
    assert (confirmed["state"], confirmed["confirmation_method"]) == ("requirements_confirmed", "telephone")
    event = (await house.requester.read(f"{path}/events"))["items"][-1]
    assert event["given"]["confirmation_method"] == "telephone"
    (document,) = (await house.requester.read(f"{path}/documents"))["items"]
    assert (document["state"], document["edition"]) == ("published", 2)
    criteria = (await house.requester.read(f"{path}/criteria"))["items"]
    assert [criterion["dropped_at"] is None for criterion in criteria] == [False, True]


async def test_what_was_delivered_is_looked_after_by_rounds(house: House) -> None:
    await offered_item(house.api)
    await house.api.team("network")
    wish = {"title": "A mailbox", "description": "Please.", "channel": "portal", "urgency": "3"}
    request = await house.requester.post_ok("/v1/requests", wish)
    path = f"/v1/requests/{request['id']}"
    plan: Json = {"title": "The mailbox, each day", "service": "mail", "team": "network", "interval": "daily"}
    plan |= {"days": 1, "items": ["It answers"], "first_round_at": "2199-01-01T06:00:00Z"}
    plan |= {"request": request["number"]}
    planner = await house.api.client("Petra", Role.configuration_manager, Role.agent)
    assert await fault(planner, "/v1/maintenance_plans", plan) == ("/request", "request_not_delivered")
    await house.desk.post_ok(f"{path}/assess", ASSESSED)
    await house.desk.post_ok(f"{path}/fulfil", {"delivered": "It is there."})
    rounds = await planner.post_ok("/v1/maintenance_plans", plan)
    assert rounds["request_id"] == request["id"]
    (listed,) = (await planner.read(f"/v1/maintenance_plans?request_id={request['id']}"))["items"]
    assert listed["number"] == rounds["number"]
