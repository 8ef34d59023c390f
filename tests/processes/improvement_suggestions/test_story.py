"""A suggestion from its offer to what becomes of it; who may what, and what is refused in which words."""

from __future__ import annotations

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.processes.improvement_suggestions.samples import AT, a_suggestion, at, offered, refusal, tell


async def told(client: Client) -> list[tuple[str, list[str]]]:
    """What the client is told: of which record, and what."""
    items = (await client.read("/v1/notices"))["items"]
    return [(item["about"], item["steps"]) for item in items]


async def test_anybody_offers_a_suggestion_with_its_evidence_and_sees_it(api: Api) -> None:
    requester = await api.client("Requester")
    incident = await requester.post_ok(
        "/v1/incidents",
        {
            "title": "No mail",
            "description": "None since nine.",
            "channel": "portal",
            "impact": "2",
            "urgency": "2",
            "effect": "degraded",
        },
    )
    shown_by = [{"text": "It went to three teams", "about": incident["number"]}]
    suggestion = await offered(requester, shown_by=shown_by, evidence="I have counted.")
    assert (suggestion["state"], suggestion["number"][:4], suggestion["cause"]) == ("offered", "SUG-", None)
    assert suggestion["author"]["id"] == requester.id
    assert (await requester.read(at(suggestion)))["what"] == a_suggestion()["what"]
    [row] = (await requester.read(f"{at(suggestion)}/evidence"))["items"]
    assert (row["about"], row["text"]) == (f"incident/{incident['id']}", "It went to three teams")
    [proposer] = (await requester.read(f"{at(suggestion)}/proposers"))["items"]
    assert proposer["person"]["id"] == requester.id
    other = await api.client("Another")
    assert (await other.get(at(suggestion))).status_code == 404
    agent = await api.client("Agent", Role.agent)
    assert (await agent.read(at(suggestion)))["title"] == suggestion["title"], "staff read what is suggested"


@each_case(
    ("changes", "code", "pointer"),
    [
        ({"process": None}, "missing", "/process"),
        ({"scope": "department"}, "department_has_no_process", "/process"),
        ({"aspect": "platform"}, "aspect_of_other_scope", "/aspect"),
        ({"scope": "department", "process": None, "aspect": "tool"}, "aspect_of_other_scope", "/aspect"),
        ({"why": None}, "missing", "/why"),
        ({"cause": "complaints"}, "only_rules_give_it", "/cause"),
        ({"cause_scope": "service/mail"}, "only_rules_give_it", "/cause_scope"),
        ({"plan_target": "quick"}, "missing", "/plan"),
        ({"shown_by": [{"text": "Slow", "kpi": "slowness"}]}, "unknown_value", "/shown_by/0/kpi"),
        (
            {"shown_by": [{"text": "Slow", "about": "INC-2026-999999"}]},
            "unknown_reference",
            "/shown_by/0/about",
        ),
    ],
)
async def test_what_does_not_fit_is_refused(api: Api, changes: Json, code: str, pointer: str) -> None:
    staff = await api.client("Somebody", Role.engineer)
    assert await refusal(staff, AT, a_suggestion(**changes)) == (422, code, pointer)


async def test_its_author_edits_it_as_long_as_nothing_has_become_of_it(api: Api) -> None:
    author, manager = await api.client("Author"), await api.client("Manager", Role.quality_manager)
    suggestion = await offered(author)
    agent = await api.client("Agent", Role.agent)
    refused = await agent.patch(at(suggestion), json={"title": "Other"}, headers={"If-Match": "*"})
    assert refused.status_code == 403
    wrong = await author.patch(at(suggestion), json={"scope": "department"}, headers={"If-Match": "*"})
    assert [(error["code"], error["pointer"]) for error in wrong.json()["errors"]] == [
        ("department_has_no_process", "/process")
    ]
    body = {"scope": "department", "process": None, "aspect": "interface", "why": "It saves an hour."}
    done = await author.patch(at(suggestion), json=body, headers={"If-Match": "*"})
    assert done.status_code == 200, done.text
    assert (done.json()["scope"], done.json()["why"]) == ("department", "It saves an hour.")
    await manager.post_ok(f"{at(suggestion)}/merge", {"into": (await offered(author))["id"]})
    late = await author.patch(at(suggestion), json={"title": "Once more"}, headers={"If-Match": "*"})
    assert (late.status_code, late.json()["code"]) == (409, "not_in_this_state")


async def test_a_merged_suggestion_leaves_its_proposers_to_the_one_that_goes_on(api: Api) -> None:
    first, second = await api.client("First"), await api.client("Second")
    owner = await api.client("Owner", "process_owner@process/incident")
    merged_one, kept_one = await offered(first), await offered(second, title="The site comes first")
    both = await offered(first, title="Where, please?")
    assert await refusal(first, f"{at(merged_one)}/merge", {"into": kept_one["id"]}) == (403, "forbidden", "")
    assert await refusal(owner, f"{at(merged_one)}/merge", {"into": merged_one["number"]}) == (
        422,
        "merged_into_itself",
        "/into",
    )
    merged = await owner.post_ok(f"{at(merged_one)}/merge", {"into": kept_one["number"]})
    assert (merged["state"], merged["merged_into_id"]) == ("merged", kept_one["id"])
    proposers = (await first.read(f"{at(kept_one)}/proposers"))["items"]
    assert [(row["person"]["id"], row["merged_from_id"]) for row in proposers] == [
        (second.id, None),
        (first.id, merged_one["id"]),
    ]
    merged_stream = f"improvement_suggestion/{merged_one['id']}"
    for reader, about in ((first, merged_stream), (second, None)):  # only its proposer sees the merged one
        [row] = (await reader.read(f"{at(kept_one)}/evidence"))["items"]
        assert (row["about"], row["text"]) == (about, merged_one["title"])
    assert await refusal(owner, f"{at(both)}/merge", {"into": merged_one["id"]}) == (
        422,
        "suggestion_settled",
        "/into",
    )
    await owner.post_ok(f"{at(both)}/merge", {"into": kept_one["id"]})
    proposers = (await first.read(f"{at(kept_one)}/proposers"))["items"]
    assert len(proposers) == 2, "nobody proposes a suggestion twice"
    types = [event["type"] for event in (await owner.read(f"{at(kept_one)}/events"))["items"]]
    assert types.count("improvement_suggestion.proposers_added") == 2
    assert await refusal(owner, f"{at(kept_one)}/take_over", {"merged": kept_one["id"]}) == (
        422,
        "not_merged_into_it",
        "/merged",
    )


async def test_an_owner_of_another_process_merges_nothing(api: Api) -> None:
    author, owner = await api.client("Author"), await api.client("Owner", "process_owner@process/change")
    first, second = await offered(author), await offered(author)
    assert (await refusal(owner, f"{at(first)}/merge", {"into": second["id"]}))[0] == 403


async def test_whoever_proposes_it_is_told_what_became_of_it_and_why(api: Api) -> None:
    first, second = await api.client("First"), await api.client("Second")
    manager = await api.client("Manager", Role.quality_manager)
    duplicate, original = await offered(first), await offered(second)
    await manager.post_ok(f"{at(duplicate)}/merge", {"into": original["id"]})
    assert await refusal(
        manager, f"{at(original)}/defer", {"reason": "A day later.", "until_at": "2020-01-01T00:00:00Z"}
    ) == (422, "not_ahead", "/until_at")
    later = {"reason": "The tool comes in spring.", "until_at": "2199-03-01T00:00:00Z"}
    for action, body in (("defer", later), ("decline", {"reason": "I do not like it."})):
        refused = await refusal(manager, f"{at(original)}/{action}", body)
        assert refused == (409, "assessment_decides", ""), "the suggestion of somebody else"
    own = await offered(manager)
    assert (await manager.post_ok(f"{at(own)}/defer", later))["state"] == "deferred"
    assert (await manager.post_ok(f"{at(own)}/decline", {"reason": "No need."}))["state"] == "declined"
    taken_over = await refusal(manager, f"{at(original)}/merge", {"into": (await offered(manager))["id"]})
    assert taken_over == (422, "merges_into_own", "/into")
    await tell(api)
    assert await told(second) == []
    assert await told(first) == [(f"improvement_suggestion/{duplicate['id']}", ["suggestion_settled"])]


async def test_the_list_is_narrowed_by_what_is_known_of_a_suggestion(api: Api) -> None:
    first, second = await api.client("First", Role.engineer), await api.client("Second", Role.engineer)
    manager = await api.client("Manager", Role.quality_manager)
    mine = await offered(first, process="change")
    other = await offered(
        second, scope="department", process=None, aspect="platform", source="audit", title="One platform"
    )
    third = await offered(second, process="change", aspect="tool")
    await manager.post_ok(f"{at(third)}/merge", {"into": mine["id"]})

    async def found(**query: str) -> set[str]:
        return {item["id"] for item in (await manager.read(AT, **query))["items"]}

    every = {mine["id"], other["id"], third["id"]}
    assert await found() == every
    assert await found(state="offered") == every - {third["id"]}
    assert await found(source="audit") == await found(scope="department") == {other["id"]}
    assert await found(process="change") == {mine["id"], third["id"]}
    assert await found(process="incident") == set()
    assert await found(aspect="tool") == {third["id"]}
    assert await found(proposer=first.id) == {mine["id"]}
    assert await found(proposer=second.id) == every, "merging has made it theirs, too"
    assert {item["id"] for item in (await first.read(AT, proposer="me"))["items"]} == {mine["id"]}
    assert await found(proposer="none") == set()
    assert await found(cause="complaints") == set()
    assert await found(cause="none") == every
    assert await found(offered_after="2199-01-01T00:00:00Z") == set()
    assert await found(plan_id="none") == every
