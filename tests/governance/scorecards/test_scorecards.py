"""Scorecards over HTTP: weights fixed beforehand, cards that open by themselves, of persons and teams."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from itertools import chain

from app.foundation.quarters import end_of_quarter, quarter_of
from tests.client import Json
from tests.extent import in_test_all
from tests.governance.audits.conftest import TEAM
from tests.governance.scorecards.conftest import DAY, EDITION, ScoredOffice

#: What a rating is called that waits for the reader.
RATING = re.compile(r'<a href="/desk/scorecard_rating/[^"]*/rate">[^<]*</a> <span class="title">([^<]*)<')


def refused(answer: Json) -> set[tuple[str, str]]:
    """The places that are wrong, with the reasons."""
    return {(error["pointer"], error["code"]) for error in answer["errors"]}


async def test_weights_are_set_before_their_quarter_make_a_whole_and_measure_what_can_be_told(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    running = quarter_of(office.now, office.zone)
    measure = EDITION["measures"][0]
    for changes, wrong in (
        ({"begins_with": running}, ("/begins_with", "not_ahead")),
        ({"satisfaction": 30}, ("/satisfaction", "weights_not_whole")),
        ({"peer_weight": 0}, ("/peer_weight", "weights_not_whole")),
        ({"peer_weight": 0, "superior_weight": 80}, ("/peer_weight", "weight_too_low")),
        ({"cooperation": 0, "efficiency": 50}, ("/cooperation", "weight_too_low")),
        ({"line": 0}, ("/line", "nobody_below_line")),
        ({"measures": [measure | {"best": "0.2", "worst": "0"}]}, ("/measures/0/worst", "best_is_worse")),
        ({"measures": [measure | {"kpi": "none_such"}]}, ("/measures/0/kpi", "unknown_value")),
        ({"measures": [measure | {"kpi": "outage_count"}]}, ("/measures/0/kpi", "kpi_of_no_team_or_person")),
        ({"measures": [measure | {"worst": "0.0"}]}, ("/measures/0/worst", "same_as_best")),
        ({"measures": [measure, measure]}, ("/measures/1", "each_once")),
    ):
        body = {**EDITION, "begins_with": scored.quarter, **changes}
        answer = await office.quality.post("/v1/scorecard_editions", json=body)
        assert (answer.status_code, refused(answer.json())) == (422, {wrong}), answer.text
    edition = await scored.edition()
    assert (edition["line"], edition["measures"]) == (60, EDITION["measures"])
    edition_seen = await office.agent.read(f"/v1/scorecard_editions/{edition['number']}")
    assert edition_seen["service_quality"] == 30
    assert (
        await office.agent.post("/v1/scorecard_editions", json={**EDITION, "begins_with": scored.quarter})
    ).status_code == 403


async def test_a_card_needs_an_edition_from_before_its_quarter_which_is_over(scored: ScoredOffice) -> None:
    office = scored.office
    running = quarter_of(office.now, office.zone)
    await scored.edition()
    body = {"quarter": running, "person": office.agent.id}
    answer = await office.quality.post("/v1/scorecards", json=body)
    assert refused(answer.json()) == {("/quarter", "no_edition_in_force")}
    answer = await office.quality.post("/v1/scorecards", json=body | {"quarter": scored.quarter})
    assert refused(answer.json()) == {("/quarter", "quarter_not_over")}
    await scored.move_to(scored.end)
    for wrong in ({"person": office.agent.id, "team": TEAM}, {}):
        answer = await office.quality.post("/v1/scorecards", json={"quarter": scored.quarter, **wrong})
        assert refused(answer.json()) == {("/person", "person_or_team")}
    await scored.move_to(scored.end + timedelta(days=30))
    body = {"quarter": scored.quarter, "person": office.agent.id}
    opened = await office.quality.post_ok("/v1/scorecards", body | {"occurred_at": f"{scored.end:%FT%TZ}"})
    assert (opened["state"], opened["superior"]["id"]) == ("open", office.head.id)
    assert datetime.fromisoformat(opened["rating_due_at"]) > office.now, "an early date takes no time to rate"
    twice = await office.quality.post("/v1/scorecards", json=body)
    assert twice.status_code in (409, 422), twice.text
    assert (await office.head.post("/v1/scorecards", json=body)).status_code == 403


async def test_cards_open_by_themselves_once_for_the_team_and_each_of_its_members(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    await scored.move_to(scored.end)
    await scored.open()  # no edition was in force: nothing is opened
    assert (await office.quality.read("/v1/scorecards"))["items"] == []


@in_test_all
async def test_a_team_has_a_card_that_its_lead_sees_without_anybodys_points(scored: ScoredOffice) -> None:
    office = scored.office
    await scored.edition()
    await scored.move_to(scored.begin)
    for _ in range(3):
        await office.solve()
    await office.raised()
    await scored.move_to(scored.end)
    for _ in range(2):
        await scored.open()
    cards = (await office.quality.read("/v1/scorecards", limit=100))["items"]
    whose = [card["person"]["id"] if card["person"] else card["team"]["key"] for card in cards]
    assert sorted(whose) == sorted(
        [TEAM, office.agent.id, office.head.id, *(peer.id for peer in scored.peers)]
    )
    await scored.publish()
    card = await scored.card(office.head, team=TEAM)
    assert (card["concerned"]["id"], card["points"]) == (office.head.id, None)
    # Nobody has rated: the log alone is known, and what nobody knows is left out with its weight.
    assert (card["score"], card["cooperation"], card["below_line"]) == ("100.00", None, False)
    ratings = (await office.head.read("/v1/scorecard_ratings", limit=100))["items"]
    assert {rating["state"] for rating in ratings} == {"lapsed"}
    late = await office.head.post(
        f"/v1/scorecard_ratings/{ratings[0]['id']}/rate", json=dict.fromkeys(("efficiency",), 3)
    )
    assert late.status_code in (409, 422)
    for reader in (office.agent, *scored.peers):
        assert (await reader.get(f"/v1/scorecards/{card['number']}")).status_code == 404

    own = await scored.card(office.agent, person=office.agent.id)
    assert (own["points"], own["score"]) == (20, "98.00")
    year = await office.agent.read(f"/v1/scorecards/{own['number']}/year")
    assert (year["scored"], year["final_score"], year["complete"]) == (1, "98.00", False)

    await scored.move_to(office.now + 15 * DAY)
    assert (await scored.card(office.agent, person=office.agent.id))["state"] == "settled"
    late = await office.agent.post(f"/v1/scorecards/{own['number']}/object", json={"objection": "Late."})
    assert (late.status_code, late.json()["code"]) == (409, "objection_too_late")


async def test_a_correction_lifts_a_card_above_the_line_and_leaves_its_superior_no_talk(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    await scored.edition(measures=[])
    await scored.move_to(scored.end)
    await scored.open()
    for rater in (office.agent, office.head):
        await scored.rate(rater, office.agent, 2)
    await scored.publish()
    card = await scored.card(office.agent, person=office.agent.id)
    path = f"/v1/scorecards/{card['number']}"
    assert (card["state"], card["score"], card["talker"]["id"]) == ("talk", "25.00", office.head.id)
    assert (await office.head.read(path))["score"] == "25.00"
    await office.agent.post_ok(f"{path}/object", {"objection": "I was on leave."})
    reason = {"verdict": "corrected", "verdict_reason": "He was."}
    for score, code in ((None, "missing"), ("24", "greater_than_equal"), ("101", "less_than_equal")):
        body = reason if score is None else reason | {"final_score": score}
        answer = await office.quality.post(f"{path}/decide_objection", json=body)
        assert refused(answer.json()) == {("/final_score", code)}
    corrected = await office.quality.post_ok(f"{path}/decide_objection", reason | {"final_score": "70"})
    assert (corrected["state"], corrected["score"], corrected["final_score"]) == (
        "published",
        "25.00",
        "70.00",
    )
    assert corrected["talker"] is None
    talk = {"outcome": "training", "agreed": "A course on the mail server."}
    assert (await office.head.post(f"{path}/settle", json=talk)).status_code == 409
    assert (await office.head.read(path))["final_score"] == "70.00", "they sign it"
    assert (await office.agent.read(f"{path}/year"))["final_score"] == "70.00"


async def test_a_year_is_judged_as_a_whole_and_its_talk_and_plan_are_confirmed(scored: ScoredOffice) -> None:
    office = scored.office
    await scored.edition(measures=[])
    last = f"{scored.quarter[:4]}-Q4"
    await scored.move_to(end_of_quarter(last, office.zone) + DAY)
    await scored.open()
    for rater in (office.agent, office.head):
        await scored.rate(rater, office.agent, 2)
    await scored.publish()
    card = await scored.card(office.agent, person=office.agent.id, quarter=last)
    path = f"/v1/scorecards/{card['number']}"
    await office.quality.post_ok(f"{path}/settle", {"outcome": "training", "agreed": "A course."})
    recorder = (await office.quality.read(f"/v1/persons/{office.quality.id}"))["name"]
    page = (await office.agent.get(f"{path}/page", params={"lang": "en"})).text
    assert re.search(f"Recorded by<td>{recorder}", page), "whoever has recorded the talk stands on the paper"
    for _ in range(2):  # notices of a minute are told together
        await scored.move_to(office.now + timedelta(minutes=2))
    steps = [notice["steps"] for notice in (await office.head.read("/v1/notices", limit=50))["items"]]
    assert "scorecard_talk_recorded" in chain.from_iterable(steps)
    settled = await office.agent.post_ok(f"{path}/confirm_outcome")
    assert settled["outcome_confirmed_at"] is not None
    assert (await office.agent.post(f"{path}/confirm_year")).json()["code"] == "nothing_to_agree_to"
    year = {"year_score": "61.5", "year_grounds": "He learned much.", "year_plan": "Networks."}
    await office.head.post_ok(f"{path}/judge_year", year)
    await office.agent.post_ok(f"{path}/confirm_year")
    again = await office.head.post(f"{path}/judge_year", json=year)
    assert (again.status_code, again.json()["code"]) == (409, "year_confirmed")
    answer = await office.agent.read(f"{path}/year")
    assert (answer["judged_score"], answer["confirmed_at"] is None) == ("61.50", False)
    page = (await office.head.get(f"{path}/page", params={"lang": "en"})).text
    assert [words for words in ("61.50", "He learned much.", "Networks.", "Agent") if words not in page] == []


@in_test_all
async def test_a_card_prints_in_both_languages_for_whose_it_is(scored: ScoredOffice) -> None:
    office = scored.office
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    for rater in (office.agent, office.head):
        await scored.rate(rater, office.agent, 4)
    await scored.publish()
    card = await scored.card(office.agent, person=office.agent.id)
    path = f"/v1/scorecards/{card['number']}/page"
    page = await office.agent.get(path, params={"lang": "en"})
    assert page.headers["content-type"].startswith("text/html")
    for words in (card["number"], "Agent", "Service quality", "75.00", "Superior", "Counts"):
        assert words in page.text, words
    chinese = await office.agent.get(path, headers={"Accept-Language": "zh"})
    assert chinese.headers["content-language"] == "zh"
    assert "服务质量" in chinese.text
    assert (await office.head.get(path)).status_code == 404


async def test_ratings_that_wait_for_somebody_name_the_person_who_is_rated(scored: ScoredOffice) -> None:
    office = scored.office
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    for _ in range(2):  # notices of a minute are told together
        await scored.move_to(office.now + timedelta(minutes=2))
    html = unescape((await office.head.get("/desk")).text)
    work = await office.head.read("/v1/me/work")
    ratings = [each for each in work["asked"] if each["kind"] == "scorecard_rating"]
    titles = RATING.findall(html)
    assert len(ratings) == len(titles) == len(set(titles)) > 1
    for rating in ratings:
        record = await office.head.read(f"/v1/scorecard_ratings/{rating['record']}")
        assert any((record["person"] or record["team"])["name"] in title for title in titles)
