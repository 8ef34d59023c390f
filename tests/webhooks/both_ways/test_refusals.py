"""What a tool refuses is listed and told, holds up no other, and is written once the cause is mended."""

from __future__ import annotations

import json

from tests.cases import each_case
from tests.client import Json
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins import github
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.server import Call, Reply

LIN = "lin"


async def codes(desk: Desk[GitHub]) -> list[str | None]:
    return [attempt["code"] for attempt in await desk.stage.attempts(desk.subscription)]


async def subscription_events(desk: Desk[GitHub]) -> list[str]:
    page = await desk.stage.admin.read(f"/v1/subscriptions/{desk.subscription['id']}/events")
    return [event["type"] for event in page["items"]]


async def test_a_deleted_issue_stops_no_other_and_is_told_once(desk: Desk[GitHub]) -> None:
    first = await desk.report("First")
    await desk.settle()
    second = await desk.report("Second")
    await desk.settle()
    desk.tool.deleted.add(1)
    await desk.act(first, "comment", text="One.")
    await desk.act(second, "comment", text="Two.")
    await desk.settle()
    await desk.send(seconds=10)
    assert (await codes(desk)).count("gone_at_tool") == 2
    assert desk.tool.texts(2) == ["Two."]
    assert (await subscription_events(desk)).count("subscription.refused") == 1
    assert (await desk.stage.admin.read(f"/v1/subscriptions/{desk.subscription['id']}"))["state"] == "active"

    desk.tool.deleted.clear()
    await desk.send(seconds=1_000)
    assert desk.tool.texts(1) == ["One."]


REFUSALS = {401: "not_signed_in", 403: "not_allowed", 404: "not_found_at_tool", 422: "refused_by_tool"}


async def test_each_refusal_has_its_code_and_is_sent_again(desk: Desk[GitHub]) -> None:
    sent: list[str] = []
    for status, code in REFUSALS.items():

        async def refuse(call: Call, status: int = status) -> Reply | bool | None:
            return Reply(status, {"message": "No"}) if call.method == "POST" else None

        desk.tool.before = refuse
        await desk.report(f"Refused {status}")
        await desk.send()
        assert (await codes(desk))[0] == code
        assert [issue["title"] for issue in desk.tool.issues.values()] == sent
        assert "subscription.refused" in await subscription_events(desk)
        desk.tool.before = None
        await desk.send(seconds=10)
        sent.append(f"Refused {status}")
        assert [issue["title"] for issue in desk.tool.issues.values()] == sent


async def test_a_pause_that_the_tool_asks_for_is_kept(desk: Desk[GitHub]) -> None:
    until = desk.stage.now.timestamp() + 600
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(until))}

    async def refuse(call: Call) -> Reply | bool | None:
        return Reply(403, {"message": "API rate limit exceeded"}, headers)

    desk.tool.before = refuse
    await desk.report("Later")
    await desk.send()
    desk.tool.before = None
    await desk.send(seconds=500)
    assert (await codes(desk), desk.tool.issues) == (["rate_limited"], {})
    assert "subscription.refused" not in await subscription_events(desk)
    await desk.send(seconds=200)
    assert len(desk.tool.issues) == 1


async def test_after_a_secondary_limit_github_is_left_alone_for_a_minute(desk: Desk[GitHub]) -> None:
    async def refuse(call: Call) -> Reply | bool | None:
        return Reply(403, {"message": "You have exceeded a secondary rate limit."})

    desk.tool.before = refuse
    await desk.report("Later")
    await desk.send()
    desk.tool.before = None
    await desk.send(seconds=55)
    assert (await codes(desk), desk.tool.issues) == (["rate_limited"], {})
    await desk.send(seconds=10)
    assert len(desk.tool.issues) == 1


async def test_an_echo_that_comes_before_the_answer_waits_for_it(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.later()
    await desk.act(incident, "start")
    await desk.resolve(incident)
    waiting: list[Json] = []

    async def hear(call: Call) -> Reply | bool | None:
        if call.method == "PATCH":
            await desk.hear()
            waiting.extend(await desk.failures())
        return None

    desk.tool.after = hear
    await desk.send()
    assert [delivery["code"] for delivery in waiting] == ["awaits_answer"]
    await desk.settle()
    assert (await desk.read(incident))["state"] == "resolved"
    assert not await desk.failures()


async def test_what_our_account_does_later_is_news(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.later()
    desk.tool.edit(github.US, 1, title="By its owner")
    await desk.settle()
    assert (await desk.read(incident))["title"] == "By its owner"


async def test_the_token_is_nowhere(desk: Desk[GitHub]) -> None:
    await desk.report("The till is stuck")
    await desk.settle()
    path = f"/v1/subscriptions/{desk.subscription['id']}"
    answers = [
        desk.subscription,
        await desk.stage.admin.read(path),
        await desk.stage.admin.read(f"{path}/events"),
    ]
    answers.append({"attempts": await desk.stage.attempts(desk.subscription)})
    assert github.TOKEN not in json.dumps(answers)
    assert desk.subscription["secret"] is None
    rows = await desk.stage.api.ledger.db.rows("select convert_from(data, 'UTF8') as data from log.event")
    assert not [row for row in rows if github.TOKEN in row["data"]]


@each_case(
    ("fields", "because"),
    [
        ({"secret": None}, "secret_of_tool"),
        ({"source": "nothing"}, "no_tool_to_write_to"),
        ({"source": None}, "no_tool_to_write_to"),
        ({"format": "standard", "secret": None}, "only_of_tools"),
    ],
)
async def test_what_does_not_fit_is_refused(desk: Desk[GitHub], fields: Json, because: str) -> None:
    body: Json = {"title": "X", "format": "tool", "source": "shop", "kinds": ["incident"]}
    body |= {"url": desk.tool.base, "secret": github.TOKEN}
    answer = await desk.stage.admin.post("/v1/subscriptions", json=body | fields)
    assert answer.status_code == 422, answer.text
    assert because in answer.text
