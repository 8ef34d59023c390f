"""Who decides on an improvement is not the choice of whoever selects it."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Client, Json
from tests.processes.improvement_suggestions.samples import at, offered
from tests.processes.improvements.samples import AT, Improvers, a_proposal, refusal, weighed


async def seats(improvers: Improvers, path: str) -> set[str]:
    """Who is asked about the improvement that is put to the committee now."""
    await improvers.quality.post_ok(f"{path}/propose", a_proposal())
    await improvers.quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    return {ballot["person"]["id"] for ballot in (await improvers.quality.read(f"{path}/votes"))["items"]}


@pytest.mark.parametrize("merging", ["further suggestions", "a merge"])
async def test_suggestions_of_the_committee_that_others_add_take_no_seat_of_it(
    improvers: Improvers, merging: str
) -> None:
    leading = await offered(improvers.author)
    suggestions = [await offered(member, title=f"Idea {n}") for n, member in enumerate(improvers.committee)]
    if merging == "a merge":
        for suggestion in suggestions:
            await improvers.quality.post_ok(f"{at(suggestion)}/merge", {"into": leading["number"]})
        path = await improvers.selected(suggestions=[leading["number"]])
    else:
        path = await improvers.selected(suggestions=[offer["number"] for offer in (leading, *suggestions)])
    board = {member.id for member in (*improvers.committee, improvers.third)}
    assert await seats(improvers, path) == board


async def test_whoever_proposed_the_leading_suggestion_or_merged_their_own_into_it_does_not_vote(
    improvers: Improvers,
) -> None:
    member: Client = await improvers.api.client("Both", Role.committee_member, Role.process_owner)
    leading = await offered(improvers.committee[0])
    own = await offered(member, title="The same once more")
    await member.post_ok(f"{at(own)}/merge", {"into": leading["number"]})
    voters = await seats(improvers, await improvers.selected(suggestions=[leading["number"]]))
    assert voters == {improvers.committee[1].id, improvers.third.id}


async def test_a_quality_manager_selects_no_idea_of_their_own_however_it_is_merged(
    improvers: Improvers,
) -> None:
    own, other = await offered(improvers.quality), await offered(improvers.author, title="Another idea")
    await improvers.quality.post_ok(f"{at(own)}/merge", {"into": other["number"]})
    body = {"title": "Sooner", "reason": "It cannot wait.", "scope": "process", "process": "incident"}
    refused = await refusal(improvers.quality, AT, body | {"suggestions": [other["number"]]})
    assert refused == (422, "selects_own_suggestion", "/suggestions")


@pytest.mark.parametrize("scope", [{"scope": "department"}, {"scope": "process", "process": "problem"}])
async def test_the_owner_of_the_process_that_a_suggestion_is_about_keeps_the_improvement(
    improvers: Improvers, scope: Json
) -> None:
    suggestion = await offered(improvers.author)
    body = {"title": "Sooner", "reason": "It cannot wait.", "suggestions": [suggestion["number"]], **scope}
    pointer = "/process" if "process" in scope else "/scope"
    assert await refusal(improvers.quality, AT, body) == (422, "process_of_suggestion", pointer)
    elsewhere = await offered(improvers.author, process="problem")
    merging = await refusal(improvers.quality, f"{at(suggestion)}/merge", {"into": elsewhere["number"]})
    assert merging == (422, "process_of_suggestion", "/into")


async def test_an_approved_title_stays_and_a_member_of_the_committee_asks_to_revert(
    improvers: Improvers,
) -> None:
    path = await improvers.approved()
    agent = await improvers.api.client("Agent", Role.agent)
    version = str((await agent.read(path))["version"])
    answer = await agent.patch(path, json={"title": "Something else"}, headers={"If-Match": version})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "title_is_decided")
    question = {"question": "Do we stop?", "reason": "It does harm.", "told": "Both desks."}
    assert (await improvers.third.post_ok(f"{path}/ask_to_revert", question))["state"] == "approved"
