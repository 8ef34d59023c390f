"""Comments are put right by their author for a quarter of an hour, and withdrawn by staff for ever."""

from __future__ import annotations

import json

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.refusals import WrongValue
from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES
from app.ticketing.comments import CommentTicket, CorrectComment, WithdrawComment
from tests.client import Api, Client, an_incident
from tests.extent import in_test_all
from tests.kernel.incidents import report
from tests.people import act, add_caller, ago
from tests.waiting import until

SAID, MEANT = "Teh relay is dead.", "The relay is dead."


async def commented(client: Client, path: str, text: str = SAID, **more: str) -> str:
    """The id of a new comment."""
    await client.post_ok(f"{path}/comment", {"text": text, **more})
    return str((await client.read(f"{path}/comments"))["items"][-1]["id"])


async def scene(api: Api) -> tuple[Client, Client, str]:
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    return zhao, agent, f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"


async def test_its_author_corrects_a_comment_and_all_read_the_new_words(api: Api) -> None:
    zhao, agent, path = await scene(api)
    comment = await commented(zhao, path)
    await zhao.post_ok(f"{path}/correct_comment", {"comment": comment, "text": MEANT})
    (corrected,) = (await agent.read(f"{path}/comments"))["items"]
    assert (corrected["text"], corrected["author"]["name"]) == (MEANT, "Zhao Min")
    assert corrected["corrected_at"] is not None
    event = (await agent.read(f"{path}/events"))["items"][-1]
    assert (event["type"], event["given"]) == (
        "incident.comment_corrected",
        {"comment": comment, "text": MEANT},
    )


async def test_nobody_else_corrects_it_nor_a_comment_of_another_ticket(api: Api) -> None:
    zhao, agent, path = await scene(api)
    comment = await commented(zhao, path)
    elsewhere = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    head = await api.head()
    for client, where, code in (
        (agent, path, "not_its_author"),
        (zhao, elsewhere, "unknown_reference"),
    ):
        refused = await client.post(
            f"{where}/correct_comment", json={"comment": comment, "text": "It is fine."}
        )
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/comment", code)
    assert await api.head() == head


async def said(ledger: Ledger, caller: Caller, incident: Incident, **when: float) -> str:
    """The id of a comment that was made so long ago."""
    done = await act(
        ledger, caller, "incident", "comment", incident.id, CommentTicket(text=SAID), now=ago(**when)
    )
    (key,) = done.event.data["set"]
    return str(key.partition("/")[2])


async def correct(ledger: Ledger, caller: Caller, incident: Incident, comment: str) -> str | None:
    """The code of what refuses the correction, if anything does."""
    body = CorrectComment.model_validate({"comment": comment, "text": MEANT})
    try:
        await act(ledger, caller, "incident", "correct_comment", incident.id, body)
    except WrongValue as refusal:
        return refusal.because
    return None


async def test_after_a_quarter_of_an_hour_it_stands(ledger: Ledger) -> None:
    author = await add_caller(ledger, "Lin", Role.agent)
    opened = await report_ago(ledger, author)
    fresh = await said(ledger, author, opened, minutes=14)
    assert await correct(ledger, author, opened, fresh) is None
    old = await said(ledger, author, opened, minutes=16)
    assert await correct(ledger, author, opened, old) == "too_late_to_correct"
    # To say that it was put right in time does not help.
    body = CorrectComment.model_validate({"comment": old, "text": MEANT, "occurred_at": ago(minutes=10)})
    with pytest.raises(WrongValue) as refused:
        await act(ledger, author, "incident", "correct_comment", opened.id, body)
    assert refused.value.because == "too_late_to_correct"


async def report_ago(ledger: Ledger, caller: Caller) -> Incident:
    """An incident that was reported an hour ago."""
    body = {"occurred_at": ago(hours=1)}
    return await report(ledger, caller, **body)


async def test_a_withdrawn_comment_is_unreadable_for_ever_and_its_correction_with_it(api: Api) -> None:
    zhao, agent, path = await scene(api)
    other_comment = await commented(zhao, path, "This stays.")
    comment = await commented(zhao, path)
    await zhao.post_ok(f"{path}/correct_comment", {"comment": comment, "text": MEANT})
    assert (await zhao.post(f"{path}/withdraw_comment", json={"comment": comment})).status_code == 403
    await agent.post_ok(f"{path}/withdraw_comment", {"comment": comment})
    for client in (zhao, agent):
        comments = {item["id"]: item for item in (await client.read(f"{path}/comments"))["items"]}
        assert comments[other_comment]["text"] == "This stays."
        assert (comments[comment]["text"], comments[comment]["author"]["id"]) == (None, zhao.id)
        assert comments[comment]["withdrawn_at"] is not None
        events = (await client.get(f"{path}/events")).text
        assert SAID not in events
        assert MEANT not in events
    for action, more in (("withdraw_comment", {}), ("correct_comment", {"text": SAID})):
        refused = await zhao.post(f"{path}/{action}", json={"comment": comment, **more})
        if action == "withdraw_comment":
            refused = await agent.post(f"{path}/{action}", json={"comment": comment})
        assert refused.json()["errors"][0]["code"] == "already_withdrawn"


async def test_other_processes_forget_a_text_that_is_withdrawn(ledger: Ledger, other: Ledger) -> None:
    author = await add_caller(ledger, "Lin", Role.agent)
    incident = await report(ledger, author)
    comment = await said(ledger, author, incident, seconds=0)
    (encrypted,) = (
        row["text"] for row in await ledger.db.rows("select text from fold.comment where id = %s", (comment,))
    )
    assert await other.vault.texts([encrypted]) == {encrypted: SAID}
    body = WithdrawComment.model_validate({"comment": comment})
    await act(ledger, author, "incident", "withdraw_comment", incident.id, body)
    assert await ledger.vault.texts([encrypted]) == {encrypted: None}

    async def forgotten() -> bool:
        return await other.vault.texts([encrypted]) == {encrypted: None}

    await until(forgotten)


@in_test_all
async def test_of_two_who_correct_and_withdraw_at_once_both_are_heard_or_one_is_too_late(
    ledger: Ledger,
) -> None:
    author = await add_caller(ledger, "Lin", Role.agent)
    incident = await report(ledger, author)
    comment = await said(ledger, author, incident, seconds=0)
    withdraw = WithdrawComment.model_validate({"comment": comment})
    await act(ledger, author, "incident", "withdraw_comment", incident.id, withdraw)
    assert await correct(ledger, author, incident, comment) == "already_withdrawn"
    async with ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}


async def test_what_is_internal_stays_so_when_it_is_corrected_or_withdrawn(api: Api) -> None:
    zhao, agent, path = await scene(api)
    comment = await commented(agent, path, visibility="internal")
    await agent.post_ok(f"{path}/correct_comment", {"comment": comment, "text": MEANT})
    await agent.post_ok(f"{path}/withdraw_comment", {"comment": comment})
    assert (await zhao.read(f"{path}/comments"))["items"] == []
    events = json.dumps(await zhao.read(f"{path}/events"))
    assert comment not in events
    # Nor can she find out that it is there by naming it.
    for named in (comment, str(agent.id)):
        refused = await zhao.post(f"{path}/correct_comment", json={"comment": named, "text": "x"})
        assert refused.json()["errors"][0]["code"] == "unknown_reference"
