"""What an improvement writes to the log is what the KPIs of the programme count."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import Api, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.improvements.pilots import project_of
from tests.processes.improvements.samples import Improvers, a_judgement

KEYS = (
    *("suggestions_by_source", "suggestions_per_100_staff", "suggestion_adoption_rate"),
    *("idea_to_standard_seconds", "idea_to_standard_ended_seconds", "effect_achieved"),
    *("effect_achieved_targets", "benefits_sustained", "project_on_time"),
)


@in_test_all
async def test_an_improvement_that_was_standardised_counts_from_its_suggestion_on(
    improvers: Improvers, follower: Connection, place: DatabaseUrls
) -> None:
    await improvers.restored(hours=480, days_ago=15)
    path = await improvers.evaluating()
    await improvers.restored(hours=1)
    effect = await improvers.measured(path)
    judged = a_judgement(effect["position"], agreed_by=improvers.owner.id)
    await improvers.quality.post_ok(f"{path}/evaluate", judged)
    await improvers.owner.post_ok(f"{path}/agree_to_evaluation")
    await improvers.quality.post_ok(
        f"{path}/standardise", {"external_numbers": ["SOP-12"], "teams": ["network"]}
    )
    await catch_up(follower, FACTS)
    report = await reconcile(place.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=KEYS)
    assert report.differences == []

    async def point(key: str) -> Json:
        (only,) = (await improvers.quality.read(f"/v1/kpis/{key}", grain="all"))["points"]
        body: Json = only
        return body

    adopted = await point("suggestion_adoption_rate")
    assert adopted["numerator"] == adopted["denominator"] >= 1
    assert (await point("suggestions_per_100_staff"))["denominator"] > 2
    assert (await point("idea_to_standard_seconds"))["survival"]["ended"] >= 1
    assert (await point("effect_achieved"))["value"] == 1
    (target,) = (await improvers.quality.read("/v1/kpis/effect_achieved_targets/cases"))["items"]
    assert target["metric"] == effect["target"]
    assert "improvement.effects_measured" in {event["type"] for event in target["events"]}
    assert (await point("benefits_sustained"))["no_value"] == "no_cases", "no check is due yet"


async def test_a_pilot_that_was_passed_counts_with_its_effect(
    api: Api, follower: Connection, place: DatabaseUrls
) -> None:
    project = await project_of(api)
    await project.rolling_out()
    await catch_up(follower, FACTS)
    keys = ("pilot_pass_rate", "pilot_pass_rate_final", "effect_achieved", "project_on_time")
    report = await reconcile(place.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=keys)
    assert report.differences == []
    for key in keys[:3]:
        (point,) = (await project.quality.read(f"/v1/kpis/{key}", grain="all", by="size"))["points"]
        assert (point["by"], point["denominator"]) == ({"size": "major"}, 1), key
    assert (await project.quality.read("/v1/kpis/pilot_pass_rate", grain="all"))["points"][0]["value"] == 1
