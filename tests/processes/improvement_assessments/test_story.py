"""The assessment of a month: opened with what is open, scored by several, ranked, concluded with verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.improvement import AssessmentCriterion
from app.common.people import Role
from app.kpis.questions.periods import months_later
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.meetings.samples import held_meeting
from tests.processes.improvement_plans.samples import the_programme
from tests.processes.improvement_suggestions.samples import at as suggestion_at
from tests.processes.improvement_suggestions.samples import offered, refusal, tell

AT = "/v1/improvement_assessments"
CRITERIA = [criterion.value for criterion in AssessmentCriterion]


@dataclass
class Round:
    """Who takes part in an assessment: a quality manager, two assessors, and an author who assesses, too."""

    api: Api
    manager: Client
    lin: Client
    olga: Client

    async def opened(self, month: str | None = None, **more: Any) -> Json:
        """An assessment of that month, or of this one."""
        body = {"month": month or month_of(0), "assessors": [self.lin.id, self.olga.id], **more}
        return await self.manager.post_ok(AT, body)

    async def held(self, assessment: Json, meeting_kind: str = "monthly_assessment") -> str:
        """The id of a meeting of that kind about the assessment, which the assessors attended."""
        about = f"improvement_assessment/{assessment['id']}"
        return await held_meeting(self.manager, self.lin, self.olga, meeting_kind=meeting_kind, about=about)


@pytest.fixture
async def meeting(api: Api) -> Round:
    return Round(
        api,
        await api.client("Manager", Role.quality_manager),
        await api.client("Lin", Role.committee_member),
        await api.client("Olga", Role.engineer),
    )


def month_of(ago: int) -> str:
    """The month that was so many months ago."""
    return f"{months_later(datetime.now(UTC).date().replace(day=1), -ago):%Y-%m}"


def at(assessment: Json) -> str:
    return f"{AT}/{assessment['id']}"


def scores(suggestion: Json, *values: int, **more: Any) -> Json:
    return {"suggestion": suggestion["id"], **dict(zip(CRITERIA, values, strict=True)), **more}


def declined(suggestion: Json, **more: Any) -> Json:
    return {"suggestion": suggestion["id"], "verdict": "declined", "reason": "Not now.", **more}


async def test_it_is_opened_with_the_suggestions_that_are_open_then(meeting: Round) -> None:
    manager, last, this = meeting.manager, month_of(1), month_of(0)
    in_last, later = {"occurred_at": f"{last}-15T00:00:00Z"}, {"occurred_at": f"{last}-16T00:00:00Z"}
    # Only whoever tells of history defers until a date that is over by now; their own needs no assessment.
    history = await meeting.api.client("History", Role.quality_manager, Role.integration)
    open_one, declined_one, waits, late = [
        await offered(client, title=f"Suggestion {n}", **in_last)
        for n, client in enumerate((manager, manager, history, history))
    ]
    new = await offered(manager, title="Of this month")
    await manager.post_ok(f"{suggestion_at(declined_one)}/decline", {"reason": "Not now."})
    for suggestion, until in ((waits, f"{this}-02T00:00:00Z"), (late, "2199-12-02T00:00:00Z")):
        body = {"reason": "A day later.", "until_at": until, **later}
        await history.post_ok(f"{suggestion_at(suggestion)}/defer", body)

    async def taken(month: str) -> tuple[Json, list[str]]:
        assessment = await meeting.opened(month)
        rows = (await manager.read(f"{at(assessment)}/suggestions"))["items"]
        return assessment, [row["suggestion_id"] for row in rows]

    assert (await taken("2020-01"))[1] == [], "none was offered by the end of that month"
    _, listed = await taken(last)
    assert listed == [open_one["id"]]
    _, listed = await taken(this)
    assert listed == [waits["id"], new["id"]], "a deferred one whose date is over then, none assessed"


async def test_a_suggestion_is_in_one_open_assessment_at_once(meeting: Round) -> None:
    manager, last, this = meeting.manager, month_of(1), month_of(0)
    suggestion = await offered(manager, occurred_at=f"{last}-15T00:00:00Z")
    first = await meeting.opened(last)
    second = await meeting.opened(this)
    assert (await manager.read(f"{at(first)}/suggestions"))["items"][0]["suggestion_id"] == suggestion["id"]
    assert (await manager.read(f"{at(second)}/suggestions"))["items"] == []
    await meeting.lin.post_ok(f"{at(first)}/score", scores(suggestion, 4, 4, 4, 4, 4, 4))
    body = scores(suggestion, 1, 1, 1, 1, 1, 1)
    assert (await refusal(meeting.lin, f"{at(second)}/score", body))[1] == "not_assessed_here"


async def test_a_month_that_lies_ahead_is_not_opened(meeting: Round) -> None:
    for month in (month_of(-1), "2199-10"):
        answer = await meeting.manager.post(AT, json={"month": month, "assessors": ["me"]})
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"], error["pointer"]) == (422, "month_not_begun", "/month")
        assert month in error["message"]
    dated_back = {"month": month_of(0), "assessors": ["me"], "occurred_at": f"{month_of(1)}-15T00:00:00Z"}
    assert (await refusal(meeting.manager, AT, dated_back))[1] == "month_not_begun", "it had not begun then"


async def test_there_is_one_of_each_month_and_only_the_quality_manager_opens_it(meeting: Round) -> None:
    assessment = await meeting.opened()
    assert (assessment["state"], assessment["number"][:4]) == ("open", "ASM-")
    assert assessment["weights"] == dict.fromkeys(CRITERIA, 1)
    body = {"month": month_of(0), "assessors": [meeting.lin.id]}
    assert await refusal(meeting.manager, AT, body) == (422, "taken", "/month")
    assert await refusal(meeting.olga, AT, {**body, "month": month_of(1)}) == (403, "forbidden", "")
    twice = {"month": month_of(1), "assessors": ["me", "me"]}
    assert await refusal(meeting.manager, AT, twice) == (422, "each_once", "/assessors/1")
    requester = await meeting.api.client("Requester")
    blind = {"month": month_of(1), "assessors": [meeting.lin.id, requester.id]}
    assert await refusal(meeting.manager, AT, blind) == (422, "assessor_is_no_staff", "/assessors/1")
    assert (await refusal(meeting.manager, AT, {**body, "month": "2199-13"}))[0] == 422
    assert (await refusal(meeting.manager, AT, {"month": month_of(1), "assessors": []}))[0] == 422


async def test_assessors_are_told_and_score_for_themselves_but_not_their_own(meeting: Round) -> None:
    mine = await offered(meeting.lin, title="Lin's own")
    other = await offered(meeting.olga, title="Olga's own")
    assessment = await meeting.opened()
    await tell(meeting.api)
    [notice] = (await meeting.lin.read("/v1/notices"))["items"]
    assert (notice["about"], notice["steps"]) == (f"improvement_assessment/{assessment['id']}", ["tasked"])
    assert (await meeting.lin.read(at(assessment)))["month"] == month_of(0), "an assessor reads it"
    score = f"{at(assessment)}/score"
    assert await refusal(meeting.lin, score, scores(mine, 5, 5, 5, 5, 5, 5)) == (
        422,
        "own_suggestion",
        "/suggestion",
    )
    answer = await meeting.manager.post(score, json=scores(mine, 1, 1, 1, 1, 1, 1))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_an_assessor")
    assert (await refusal(meeting.lin, score, scores(other, 6, 1, 1, 1, 1, 1)))[0] == 422
    new = await offered(meeting.olga, title="It came later")
    assert await refusal(meeting.lin, score, scores(new, 1, 1, 1, 1, 1, 1)) == (
        422,
        "not_assessed_here",
        "/suggestion",
    )
    await meeting.lin.post_ok(score, scores(other, 3, 3, 3, 3, 3, 3, comment="Hm."))
    await meeting.lin.post_ok(score, scores(other, 4, 4, 4, 4, 4, 4, comment="Well, yes."))
    [row] = (await meeting.manager.read(f"{at(assessment)}/scores"))["items"]
    assert (row["person"]["id"], row["scores"]["risk"], row["comment"]) == (meeting.lin.id, 4, "Well, yes.")
    await meeting.manager.post_ok(f"{suggestion_at(mine)}/merge", {"into": other["id"]})
    assert await refusal(meeting.olga, score, scores(mine, 1, 1, 1, 1, 1, 1)) == (
        422,
        "suggestion_settled",
        "/suggestion",
    )


async def test_a_merge_takes_no_assessor_away_except_the_proposer_who_merges(meeting: Round) -> None:
    owner = await meeting.api.client("Owner", Role.process_owner)
    leading = await offered(meeting.olga)
    merged_by_others, own = [await offered(author, title="Once more") for author in (meeting.lin, owner)]
    await meeting.manager.post_ok(f"{suggestion_at(merged_by_others)}/merge", {"into": leading["id"]})
    await owner.post_ok(f"{suggestion_at(own)}/merge", {"into": leading["id"]})
    assessors = [meeting.lin, meeting.olga, owner]
    score = f"{at(await meeting.opened(assessors=[assessor.id for assessor in assessors]))}/score"
    body = scores(leading, 5, 5, 5, 5, 5, 5)
    for proposer in (meeting.olga, owner):
        assert (await refusal(proposer, score, body))[1] == "own_suggestion"
    await meeting.lin.post_ok(score, body)


@in_test_all
async def test_the_ranking_shows_the_best_first_with_the_spread_of_its_assessors(meeting: Round) -> None:
    author = await meeting.api.client("Author")
    mine, best, unseen = [await offered(author, title=f"Suggestion {n}") for n in range(3)]
    assessment = await meeting.opened()
    await meeting.lin.post_ok(f"{at(assessment)}/score", scores(mine, 2, 2, 2, 2, 2, 2))
    await meeting.lin.post_ok(f"{at(assessment)}/score", scores(best, 5, 5, 5, 5, 5, 5))
    await meeting.olga.post_ok(f"{at(assessment)}/score", scores(best, 1, 1, 1, 3, 3, 3, comment="Costly."))
    ranking = await meeting.manager.read(f"{at(assessment)}/ranking")
    first, second, last = ranking["items"]
    assert [(row["rank"], row["suggestion_id"]) for row in ranking["items"]] == [
        (1, best["id"]),
        (2, mine["id"]),
        (None, unseen["id"]),
    ]
    assert [first[name] for name in ("mean", "lowest", "highest", "deviation")] == [3.5, 2, 5, 1.5]
    assert [(row["person"]["id"], row["mean"], row["comment"]) for row in first["by_assessor"]] == [
        (meeting.lin.id, 5, None),
        (meeting.olga.id, 2, "Costly."),
    ]
    assert first["by_assessor"][1]["scores"]["ease"] == 3
    assert (second["deviation"], last["mean"], last["by_assessor"]) == (0, None, [])
    stranger = await meeting.api.client("Stranger")
    assert (await stranger.get(f"{at(assessment)}/ranking")).status_code == 404


async def test_it_is_concluded_with_a_verdict_on_each_that_is_still_open(meeting: Round) -> None:
    author = await meeting.api.client("Author")
    low, second, merged = [await offered(author, title=f"Suggestion {n}") for n in range(3)]
    assessment = await meeting.opened()
    manager, conclude = meeting.manager, f"{at(assessment)}/conclude"
    await meeting.lin.post_ok(f"{at(assessment)}/score", scores(low, 2, 2, 2, 2, 2, 2))
    for action, more in (("decline", {}), ("defer", {"until_at": "2199-03-01T00:00:00Z"})):
        alone = await manager.post(f"{suggestion_at(merged)}/{action}", json={"reason": "Not now.", **more})
        assert (alone.status_code, alone.json()["code"]) == (409, "being_assessed")
        assert assessment["number"] in alone.json()["detail"]
    await manager.post_ok(f"{suggestion_at(merged)}/merge", {"into": second["id"]})
    new = await offered(author, title="It came later")
    later = {"suggestion": second["number"], "verdict": "deferred", "reason": "In spring."}
    until = {"until_at": "2199-03-01T00:00:00Z"}

    held = {"meeting": await meeting.held(assessment)}

    async def refused(*verdicts: Json) -> tuple[str, str]:
        status, code, pointer = await refusal(manager, conclude, {"verdicts": verdicts, **held})
        assert status == 422
        return code, pointer

    answer = await manager.post(conclude, json={"verdicts": [declined(low)], **held})
    assert second["number"] in answer.json()["errors"][0]["message"]
    assert await refused(declined(low)) == ("verdict_missing", "/verdicts")
    both = [declined(low), later | until]
    assert await refused(*both, declined(low)) == ("each_once", "/verdicts/2/suggestion")
    assert await refused(*both, declined(new)) == ("not_assessed_here", "/verdicts/2/suggestion")
    assert await refused(*both, declined(merged)) == ("suggestion_settled", "/verdicts/2/suggestion")
    assert await refused(declined(low, reason=None), later | until) == ("missing", "/verdicts/0/reason")
    assert await refused(declined(low), later) == ("missing", "/verdicts/1/until_at")
    past = {"until_at": "2020-01-01T00:00:00Z"}
    assert await refused(declined(low), later | past) == ("not_ahead", "/verdicts/1/until_at")
    for field, value in (*until.items(), ("title", "New")):
        expected_refusal = ("not_for_this_verdict", f"/verdicts/0/{field}")
        assert await refused(declined(low, **{field: value}), later | until) == expected_refusal
    unseen = {"suggestion": second["id"], "verdict": "selected"}
    assert await refused(declined(low), unseen) == ("nobody_has_scored_it", "/verdicts/1/reason")
    with_reason = unseen | {"reason": "It is plain."}
    for judged in (with_reason, declined(second)):
        assert await refused(declined(low), judged) == ("judged_without_scores", "/verdicts/1/verdict")
    assert (await refusal(meeting.olga, conclude, {"verdicts": both, **held}))[0] == 403

    concluded = await manager.post_ok(conclude, {"verdicts": both, **held})
    assert (concluded["state"], concluded["concluded_by"]["id"]) == ("concluded", manager.id)
    assert concluded["meeting_id"] == held["meeting"]
    after, waits = await author.read(suggestion_at(low)), await author.read(suggestion_at(second))
    expected = ("declined", "Not now.", assessment["id"])
    assert (after["state"], after["reason"], after["assessment_id"]) == expected
    assert (waits["state"], waits["deferred_until_at"]) == ("deferred", "2199-03-01T00:00:00.000000Z")
    rows = (await manager.read(f"{at(assessment)}/suggestions"))["items"]
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("declined", "Not now."),
        ("deferred", "In spring."),
        (None, None),
    ]
    assert (await refusal(meeting.lin, f"{at(assessment)}/score", scores(low, 1, 1, 1, 1, 1, 1)))[0] == 409
    assert (await author.read(suggestion_at(new)))["state"] == "offered", "it waits for the next month's"


async def test_a_month_is_concluded_at_its_meeting_even_without_suggestions(meeting: Round) -> None:
    assessment = await meeting.opened()
    conclude = f"{at(assessment)}/conclude"
    body: Json = {"verdicts": []}
    assert await refusal(meeting.manager, conclude, body) == (422, "missing", "/meeting")
    talk = {"meeting": await meeting.held(assessment, "improvement_talk"), **body}
    assert await refusal(meeting.manager, conclude, talk) == (422, "no_assessing_meeting", "/meeting")
    concluded = await meeting.manager.post_ok(conclude, {"meeting": await meeting.held(assessment), **body})
    assert concluded["state"] == "concluded"


async def test_nobody_concludes_a_month_by_their_own_word_about_a_meeting(meeting: Round) -> None:
    assessment, manager = await meeting.opened(), meeting.manager
    conclude, about = f"{at(assessment)}/conclude", f"improvement_assessment/{assessment['id']}"

    async def refused(met: str, code: str) -> None:
        answer = await refusal(manager, conclude, {"verdicts": [], "meeting": met})
        assert answer == (422, code, "/meeting")

    unrelated = await held_meeting(manager, meeting_kind="monthly_assessment")
    await refused(unrelated, "not_on_agenda")
    path = f"/v1/meetings/{unrelated}"
    await manager.post_ok(f"{path}/add_agenda_item", {"topic": "What we judge", "about": about})
    await refused(unrelated, "minutes_not_signed")
    await manager.post_ok(f"{path}/minute", {"minutes": "I agreed with myself."})
    await manager.post_ok(f"{path}/sign")
    await refused(unrelated, "minutes_not_signed")
    agent = await meeting.api.client("Agent", Role.agent)
    by_agent = await held_meeting(manager, agent, meeting.lin, meeting_kind="monthly_assessment", about=about)
    await refused(by_agent, "minutes_not_signed")
    other = await meeting.api.client("Other", Role.quality_manager)
    not_invited = await held_meeting(
        manager, other, meeting.lin, meeting_kind="monthly_assessment", about=about
    )
    await refused(not_invited, "nobody_of_committee_attended")


async def test_a_selected_suggestion_opens_an_improvement_and_its_proposers_are_told(meeting: Round) -> None:
    author = await meeting.api.client("Author")
    first, second = [await offered(author, title=f"Suggestion {n}") for n in range(2)]
    assessment = await meeting.opened()
    for suggestion in (first, second):
        await meeting.lin.post_ok(f"{at(assessment)}/score", scores(suggestion, 5, 5, 5, 5, 5, 5))
    selected_ones = [
        {"suggestion": first["id"], "verdict": "selected", "title": "The site comes first"},
        {"suggestion": second["id"], "verdict": "selected", "reason": "It belongs to the first one."},
    ]
    body = {"meeting": await meeting.held(assessment), "verdicts": selected_ones}
    await meeting.manager.post_ok(f"{at(assessment)}/conclude", body)
    rows = (await meeting.manager.read(f"{at(assessment)}/suggestions"))["items"]
    improvements = [await meeting.manager.read(f"/v1/improvements/{row['improvement_id']}") for row in rows]
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("selected", None),
        ("selected", "It belongs to the first one."),
    ]
    assert [(improvement["state"], improvement["title"]) for improvement in improvements] == [
        ("selected", "The site comes first"),
        ("selected", "Suggestion 1"),
    ]
    for suggestion, improvement in zip((first, second), improvements, strict=True):
        after = await author.read(suggestion_at(suggestion))
        assert (after["state"], after["improvement_id"], after["assessment_id"]) == (
            "selected",
            improvement["id"],
            assessment["id"],
        )
    await tell(meeting.api)
    about = {notice["about"] for notice in (await author.read("/v1/notices"))["items"]}
    assert {f"improvement_suggestion/{first['id']}", f"improvement_suggestion/{second['id']}"} <= about


async def test_what_an_improvement_refuses_is_said_where_its_suggestion_is_named(meeting: Round) -> None:
    author = await meeting.api.client("Author")
    suggestion = await offered(author)
    answer = await meeting.manager.post(
        f"{suggestion_at(suggestion)}/select", json={"improvement": "IMP-2026-999999"}
    )
    assert [(error["code"], error["pointer"]) for error in answer.json()["errors"]] == [
        ("unknown_reference", "/improvement")
    ]


@in_test_all
async def test_the_weights_of_a_running_plan_count_and_the_plan_notes_the_month(
    api: Api, place: DatabaseUrls
) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    programme = await the_programme(api, connection)
    plan = await programme.approved(weights={"plan_fit": 5})
    number = (await programme.quality.read(plan))["number"]
    body = {"month": month_of(0), "assessors": ["me"], "plan": number}
    assert await refusal(programme.quality, AT, body) == (422, "refused_there", "/plan"), "it has not begun"
    await tell(api)
    suggestion = await offered(programme.owner)
    without = {"month": body["month"], "assessors": ["me"]}
    answer = await programme.quality.post(AT, json=without)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "plan_in_force", "/plan")
    assert number in error["message"]
    before = await programme.quality.post_ok(AT, {**without, "month": month_of(1)})
    assert before["weights"] == dict.fromkeys(CRITERIA, 1), "the plan had not begun in that month"
    record = await programme.quality.post_ok(AT, body)
    assert record["weights"] == {**dict.fromkeys(CRITERIA, 1), "plan_fit": 5}
    types = [event["type"] for event in (await programme.quality.read(f"{plan}/events"))["items"]]
    assert "improvement_plan.assessment_noted" in types
    await programme.quality.post_ok(f"{at(record)}/score", scores(suggestion, 5, 1, 1, 1, 1, 1))
    [ranked] = (await programme.quality.read(f"{at(record)}/ranking"))["items"]
    assert ranked["mean"] == 3
    await connection.close()


async def test_each_assessor_scores_for_themselves_before_they_see_what_others_gave(meeting: Round) -> None:
    author = await meeting.api.client("Author")
    first, second = [await offered(author, title=f"Suggestion {n}") for n in range(2)]
    assessment = await meeting.opened()
    for suggestion in (first, second):
        await meeting.lin.post_ok(f"{at(assessment)}/score", scores(suggestion, 5, 5, 5, 5, 5, 5))

    async def seen_by(client: Client) -> tuple[int, list[float | None]]:
        items = (await client.read(f"{at(assessment)}/scores"))["items"]
        ranked = (await client.read(f"{at(assessment)}/ranking"))["items"]
        means = {row["suggestion_id"]: row["mean"] for row in ranked}
        return len(items), [means[first["id"]], means[second["id"]]]

    assert await seen_by(meeting.lin) == (2, [5, 5])
    assert await seen_by(meeting.manager) == (2, [5, 5]), "who assesses nothing sees it all"
    assert await seen_by(meeting.olga) == (0, [None, None])
    await meeting.olga.post_ok(f"{at(assessment)}/score", scores(first, 1, 1, 1, 1, 1, 1))
    assert await seen_by(meeting.olga) == (2, [3, None])
    body = {"meeting": await meeting.held(assessment), "verdicts": [declined(first), declined(second)]}
    await meeting.manager.post_ok(f"{at(assessment)}/conclude", body)
    assert await seen_by(meeting.olga) == (3, [3, 5])
