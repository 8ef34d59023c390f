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


@pytest.mark.parametrize("merging", ["suggestions", "a merge"])
async def test_suggestions_of_the_committee_that_others_take_up_take_no_seat_of_it(
    improvers: Improvers, merging: str
) -> None:
    suggestions = [await offered(member, title=f"Idea {n}") for n, member in enumerate(improvers.committee)]
    if merging == "a merge":
        leading, *suggestions = suggestions
        for suggestion in suggestions:
            await improvers.quality.post_ok(f"{at(suggestion)}/merge", {"into": leading["number"]})
        path = await improvers.selected(suggestions=[leading["number"]])
    else:
        path = await improvers.selected(suggestions=[offer["number"] for offer in suggestions])
    board = {member.id for member in (*improvers.committee, improvers.third)}
    assert await seats(improvers, path) == board
    ballots = (await improvers.quality.read(f"{path}/votes"))["items"]
    named_by = {row["person"]["id"]: row["named_by"]["id"] for row in ballots if row["named_by"]}
    assert named_by == {member.id: improvers.quality.id for member in improvers.committee}


async def test_whoever_merged_their_own_suggestion_into_the_leading_one_votes_on_the_project_of_others(
    improvers: Improvers,
) -> None:
    member: Client = await improvers.api.client("Both", Role.committee_member, Role.process_owner)
    leading = await offered(improvers.committee[0])
    own = await offered(member, title="The same once more")
    await member.post_ok(f"{at(own)}/merge", {"into": leading["number"]})
    voters = await seats(improvers, await improvers.selected(suggestions=[leading["number"]]))
    assert voters == {member.id, improvers.third.id, *(person.id for person in improvers.committee)}


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
