"""People without a role do what their post is for: hold a training, run a meeting, begin an agreement."""

from __future__ import annotations

from datetime import UTC, datetime

from app.common.people import Role
from tests.client import Api
from tests.people import ago
from tests.processes.trainings.conftest import HELD, said
from tests.service_levels.agreements.samples import the_parties


async def test_trainer_and_organiser_need_no_role(api: Api) -> None:
    await api.team("network")
    quality = await api.client("Quality", Role.quality_manager, Role.engineer)
    holder, learner = [await api.client(name, teams=("network",)) for name in ("Holder", "Learner")]
    training = await quality.post_ok("/v1/trainings", said(persons=[learner.id], trainer=holder.id))
    path = f"/v1/trainings/{training['id']}"
    actions = (await holder.read(path))["actions"]
    assert "hold" in {action["action"] for action in actions if action["open"]}
    assert (await holder.post_ok(f"{path}/hold", {"attended": [learner.id], **HELD}))["state"] == "held"

    when = {"occurred_at": ago(hours=2), "starts_at": ago(hours=1), "ends_at": ago(minutes=30)}
    times = {name: f"{instant:%FT%TZ}" for name, instant in when.items()}
    body = {"title": "Review", "meeting_kind": "other", "chair": quality.id, "organiser": holder.id, **times}
    path = f"/v1/meetings/{(await quality.post_ok('/v1/meetings', body))['id']}"
    await holder.post_ok(f"{path}/invite", {"persons": [learner.id]})
    refused = await learner.post(f"{path}/hold", json={"attended": ["me"]})
    assert refused.status_code == 403
    await holder.post_ok(f"{path}/hold", {"attended": ["me", learner.id]})
    assert (await holder.post_ok(f"{path}/minute", {"minutes": "We agreed."}))["state"] == "minuted"


async def test_the_negotiator_of_an_adopted_plan_begins_that_agreement(api: Api) -> None:
    parties = await the_parties(api)
    negotiator = await api.client("Negotiator", teams=("mail-team",))
    begun = {
        "agreement_type": "SLA",
        "title": "Mail",
        "customer": "finance",
        "services": ["mail"],
        "needs": "Mail within half a day.",
        "business_process": "Closing of the books",
    }
    refused = await negotiator.post("/v1/slas", json=begun)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_its_negotiator")
    entry = {"service": "mail", "customer": "finance", "negotiator": negotiator.id}
    plan = {"title": "Agreements", "year": datetime.now(UTC).year, "entries": [entry]}
    path = f"/v1/service_level_plans/{(await parties.manager.post_ok('/v1/service_level_plans', plan))['id']}"
    assert (await negotiator.post("/v1/slas", json=begun)).status_code == 409
    management = await api.client("Management", Role.management)
    await management.post_ok(f"{path}/adopt")
    agreement = await negotiator.post_ok("/v1/slas", begun)
    assert agreement["representative"]["id"] == negotiator.id
