"""The tier whose reviewers decide on a document is never too low for it."""

from __future__ import annotations

from itertools import product

from app.common.people import Role
from tests.client import Client
from tests.governance.documents.conftest import Office


async def set_lead(office: Office, team: str, lead: Client) -> Client:
    """That person leads the team from now on. Gives the administrator who did it."""
    admin = await office.api.client("Ada", "admin")
    named = await admin.patch(f"/v1/teams/{team}", json={"lead": lead.id}, headers={"If-Match": "*"})
    assert named.status_code == 200, named.text
    return admin


async def test_the_tier_follows_from_importance_confidentiality_and_the_authors_post(office: Office) -> None:
    leader = await office.api.client("Leader", "engineer", teams=("network",))
    await set_lead(office, "network", leader)
    own = await office.drafted(confidentiality="internal", tier=None)
    assert (await office.author.read(own))["tier"] == "team_lead"
    raised = await office.file(office.author)
    corrected = await office.author.post_ok(f"{own}/revise", {**raised, "tier": "management"})
    assert corrected["tier"] == "management", "a wrong tier can be changed"

    wrong = []
    matrix = product(
        enumerate(("general", "important", "permanent")),
        enumerate(("internal", "restricted", "secret")),
        enumerate((office.author, leader)),
    )
    for (by_importance, importance), (by_reach, confidentiality), (by_post, author) in matrix:
        least = max(by_importance, by_reach, by_post)
        for place, tier in list(enumerate(("team_lead", "department_head", "management")))[: least + 1][-2:]:
            body = {
                "document_class": "PR",
                "title": "How incidents are taken up",
                "importance": importance,
                "confidentiality": confidentiality,
                "readers": [office.reader.id],
                "tier": tier,
                "team": "network",
                **await office.file(author),
            }
            answer = await author.post("/v1/documents", json=body)
            expected = (201, False) if place >= least else (422, True)
            if (answer.status_code, "tier_too_low" in answer.text) != expected:
                wrong.append((importance, confidentiality, tier, answer.text))
    assert wrong == []


async def test_a_lead_does_not_come_to_review_their_own_document_by_another_team(office: Office) -> None:
    await set_lead(office, "network", office.stranger)
    path = await office.drafted(confidentiality="internal", tier=None)
    team = await office.api.team("led")
    admin = await set_lead(office, "led", office.author)
    await admin.post_ok(f"/v1/persons/{office.author.id}/join", {"team": "led"})
    moved = {**await office.file(office.author), "team": "led"}
    refused = await office.author.post(f"{path}/revise", json=moved)
    assert [error["code"] for error in refused.json()["errors"]] == ["tier_too_low"], refused.text
    raised = await office.author.post_ok(f"{path}/revise", {**moved, "tier": "department_head"})
    assert raised["team"]["id"] == str(team)


async def test_the_next_tier_reviews_the_document_of_a_team_without_an_active_lead(office: Office) -> None:
    submission = {"question": "Right?", "changes": "The first one."}
    unled = await office.drafted(confidentiality="internal", tier=None)
    assert (await office.author.read(unled))["tier"] == "department_head"
    # Nobody heads a department yet: management reviews it.
    await office.author.post_ok(f"{unled}/submit", submission)
    await office.vote(office.manager, unled)
    assert (await office.author.read(unled))["state"] == "approved"

    admin = await set_lead(office, "network", office.stranger)
    paths = [await office.drafted(confidentiality="internal", tier=None) for _ in range(2)]
    assert {(await office.author.read(path))["tier"] for path in paths} == {"team_lead"}
    await admin.post_ok(f"/v1/persons/{office.stranger.id}/deactivate")
    await office.author.post_ok(f"{paths[0]}/submit", submission)
    await office.vote(office.manager, paths[0])
    head = await office.api.client("Dora", Role.department_head)
    await office.author.post_ok(f"{paths[1]}/submit", submission)
    await office.vote(head, paths[1])
    for path in paths:
        assert (await office.author.read(path))["state"] == "approved"
