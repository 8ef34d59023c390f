"""The tier whose reviewers decide on a document is never too low for it."""

from __future__ import annotations

from tests.governance.documents.conftest import Office


async def test_the_tier_follows_from_importance_confidentiality_and_the_authors_post(office: Office) -> None:
    own = await office.drafted(confidentiality="internal", tier=None)
    assert (await office.author.read(own))["tier"] == "team_lead"
    raised = await office.file(office.author)
    corrected = await office.author.post_ok(f"{own}/revise", {**raised, "tier": "management"})
    assert corrected["tier"] == "management", "a wrong tier can be changed"

    leader = await office.api.client("Leader", "engineer", teams=("network",))
    admin = await office.api.client("Ada", "admin")
    named = await admin.patch("/v1/teams/network", json={"lead": leader.id}, headers={"If-Match": "*"})
    assert named.status_code == 200, named.text
    wrong = []
    for author, importance, confidentiality, least in (
        (office.author, "general", "internal", 0),
        (leader, "general", "internal", 1),
        (office.author, "important", "internal", 1),
        (office.author, "general", "restricted", 1),
        (office.author, "permanent", "internal", 2),
        (office.author, "general", "secret", 2),
    ):
        for place, tier in enumerate(("team_lead", "department_head", "management")):
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
    path = await office.drafted(confidentiality="internal", tier=None)
    team = await office.api.team("led")
    admin = await office.api.client("Ada", "admin")
    named = await admin.patch("/v1/teams/led", json={"lead": office.author.id}, headers={"If-Match": "*"})
    assert named.status_code == 200, named.text
    await admin.post_ok(f"/v1/persons/{office.author.id}/join", {"team": "led"})
    moved = {**await office.file(office.author), "team": "led"}
    refused = await office.author.post(f"{path}/revise", json=moved)
    assert [error["code"] for error in refused.json()["errors"]] == ["tier_too_low"], refused.text
    raised = await office.author.post_ok(f"{path}/revise", {**moved, "tier": "department_head"})
    assert raised["team"]["id"] == str(team)
