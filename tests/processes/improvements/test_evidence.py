"""What improvements are judged by is evidence: promises, pilots, rollouts, and how often was measured."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from app.foundation.process_names import PROCESS_KINDS, process_named, spellings_of
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import Payload, marks
from app.kernel.actions.refusals import WrongValue
from app.kpis.effects.records import PromisedAs
from app.kpis.statistics.effects.codes import PromiseVerdict
from app.log.ids import uuid7
from app.processes.improvements.effects.promises import promised_to_be_better
from app.processes.improvements.pilot.checks import checked_training
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.rollout.checks import evidence_repeated
from app.processes.improvements.rollout.payloads import CompleteRolloutStepImprovement, FixImprovement
from app.processes.improvements.rollout.plan_checks import release_does_not_fit
from tests.client import Api, Json
from tests.extent import in_test_all
from tests.processes.improvements.pilots import (
    WORD,
    Project,
    ago,
    project_of,
    refusal,
    sentences,
)
from tests.processes.improvements.test_rollout import FIRST_SEVEN, completed, evidence
from tests.processes.releases.samples import a_release

TEXTS = (
    *("scope_and_goal", "benefit_inside", "benefit_outside", "method", "steps", "resources"),
    *("judgement", "outside_plan_reason"),
)
WINDOW = {"from": "2026-01-01", "to": "2026-04-01"}


@pytest.fixture
async def project(api: Api) -> Project:
    return await project_of(api)


@dataclass
class Named:
    """The context of an action that names one record."""

    record: Any

    def ref(self, record_class: type, field: str) -> Any:
        return self.record

    required_ref = ref


@pytest.mark.parametrize(
    ("process", "of_training", "code"),
    [
        ("incident", {"process": "problem"}, "training_in_other_process"),
        ("incident", {"process": "incident"}, None),
        ("incident", {"process": "incident", "improvement_id": uuid7()}, "training_of_other_improvement"),
        (None, {"process": "problem"}, "training_of_other_improvement"),
        (None, {"process": "problem", "improvement_id": "this"}, None),
    ],
)
def test_a_training_is_of_the_process_and_for_no_other_improvement(
    process: str | None, of_training: Json, code: str | None
) -> None:
    improvement: Any = SimpleNamespace(id=uuid7(), process=process)
    names_it = of_training.get("improvement_id") == "this"
    defaults = {"number": "TRN-1", "held_at": datetime.now(UTC), "kind": None, "improvement_id": None}
    training = SimpleNamespace(**defaults | of_training)
    training.improvement_id = improvement.id if names_it else training.improvement_id
    ctx: Any = Named(training)
    with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
        checked_training(improvement, ctx, "training")
    assert code in (None, getattr(getattr(refused, "value", None), "because", None))


async def test_a_release_from_before_the_approval_is_not_the_changed_tool() -> None:
    now, body = datetime.now(UTC), Any
    improvement: Any = SimpleNamespace(approved_at=now, rollout=SimpleNamespace(release_id=1))
    old = now - timedelta(days=1)
    ctx: Any = Named(SimpleNamespace(id=1, number="REL-1", state="closed", deployed_at=old))
    with pytest.raises(WrongValue) as refused:
        await release_does_not_fit(None, improvement, body, ctx)  # type: ignore[arg-type]  # reads nothing
    assert refused.value.because == "evidence_too_old"
    ctx.record.deployed_at = now + timedelta(days=1)
    await release_does_not_fit(None, improvement, body, ctx)  # type: ignore[arg-type]  # reads nothing


@pytest.mark.parametrize(
    ("scope", "other_ids", "code"),
    [
        (None, [], "release_of_other_matter"),
        ({"team": ["mail"]}, ["release/3", "incident/2", "change/1"], "release_of_other_matter"),
        ({"service": ["print"]}, [], "release_of_other_matter"),
        ({"service": ["print", "mail"]}, [], None),
        (None, ["release/2"], None),
        (None, ["change/7"], None),
    ],
)
async def test_a_release_of_the_changed_tool_belongs_to_the_improvement(
    scope: Json | None, other_ids: list[str], code: str | None
) -> None:
    pilot, rollout = SimpleNamespace(pilot_scope=scope), SimpleNamespace(release_id=None)
    improvement: Any = SimpleNamespace(approved_at=None, pilot=pilot, rollout=rollout)
    release = SimpleNamespace(
        id=2, row_key="release/2", number="REL-2", state="ready", deployed_at=None, service="mail"
    )
    release.change_ids = ["7", "8"]
    reads: Any = SimpleNamespace(
        children=AsyncMock(return_value=[SimpleNamespace(other=other) for other in other_ids])
    )
    nothing: Any = None
    context: Any = Named(release)
    with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
        await release_does_not_fit(reads, improvement, nothing, context)
    assert code == getattr(getattr(refused, "value", None), "because", None)


def texts_of(payload: type[Payload]) -> list[str]:
    """The texts in which a person has to say something of a step."""
    return [name for name in marks(payload, DemandedText) if "numbers" not in name]


@pytest.mark.parametrize("payload", [CompleteRolloutStepImprovement, FixImprovement])
async def test_each_part_of_a_rollout_step_has_evidence_of_its_own(payload: type[Payload]) -> None:
    nothing: Any = None
    texts: list[Any] = texts_of(payload)
    assert len(texts) >= 4
    apart: dict[str, Any] = {name: f"Of {name}." for name in texts}
    different: Any = payload.model_construct(None, **apart)
    await evidence_repeated(nothing, nothing, different, nothing)
    for name, other in combinations(texts, 2):
        alike: dict[str, Any] = {**apart, name: "It is done.", other: "it is  done"}
        same: Any = payload.model_construct(None, **alike)
        with pytest.raises(WrongValue) as refused:
            await evidence_repeated(nothing, nothing, same, nothing)
        assert refused.value.because == "repeats_evidence"


@in_test_all
async def test_a_release_of_the_changed_tool_is_in_use_before_the_cutover(project: Project) -> None:
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    await project.admin.post_ok("/v1/services", service)
    record_path = await project.rolling_out()
    record = await project.manager.post_ok("/v1/releases", a_release())
    reason = {"reason": "Nobody wants it."}
    await project.manager.post_ok(f"/v1/releases/{record['id']}/cancel", reason)
    plan = project.rollout() | {"release": record["number"]}
    refused = await refusal(project.manager, f"{record_path}/roll_out", plan)
    assert refused == (422, [("release", "release_given_up")])
    answer = await project.manager.post_ok("/v1/releases", a_release(title="The next one"))
    refused = await refusal(project.manager, f"{record_path}/roll_out", plan | {"release": answer["number"]})
    assert refused == (422, [("release", "release_of_other_matter")])
    link = {"kind": "implements", "other": record_path.rpartition("/")[2]}
    await project.manager.post_ok(f"/v1/releases/{answer['id']}/link", link)
    await project.manager.post_ok(f"{record_path}/roll_out", plan | {"release": answer["number"]})
    removed = await project.manager.post_ok(f"{record_path}/roll_out", plan | {"release": None})
    assert removed["release_id"] is None, "it was removed by intent"
    await project.manager.post_ok(f"{record_path}/roll_out", plan | {"release": answer["number"]})
    del plan["release"]
    rollout = await project.manager.post_ok(f"{record_path}/roll_out", plan)
    assert rollout["release_id"] == answer["id"], "a plan that leaves it out keeps it"
    await completed(project, record_path, *FIRST_SEVEN[:4])
    path = f"{record_path}/complete_rollout_step"
    refused_cutover = await refusal(project.executor, path, evidence(project, "cut_over"))
    assert refused_cutover == (409, "release_not_in_use")


def test_kinds_of_ours_are_named_by_any_letters_and_in_the_plural_too(api: Api) -> None:
    for kind, plural in PROCESS_KINDS.items():
        assert api.ledger.lifecycles[kind].plural == plural
        for written in (kind, kind.title(), plural, plural.upper()):
            assert process_named(written) == kind
            assert spellings_of(written)[:2] == [kind, plural]
    for kind, written in {
        "incident": "事件管理",
        "request": "Service requests",
        "change": "变更流程",
    }.items():
        assert process_named(written) == kind
    assert process_named("Onboarding of staff") == "Onboarding of staff"
    assert spellings_of("Onboarding") == ["onboarding"]


async def test_a_promise_is_of_something_and_the_way_that_the_kpi_improves(project: Project) -> None:
    path = await project.selected()
    fields: Json = {name: f"Of {name}." for name in TEXTS}
    for kpi, change, code in (
        ("incident_resolution_seconds", "0", "promise_of_nothing"),
        ("incident_resolution_seconds", "0.00", "promise_of_nothing"),
        ("incident_resolution_seconds", "0.5", "promise_to_worsen"),
        ("first_contact_resolution", "-0.1", "promise_to_worsen"),
        ("incident_resolution_seconds", "-3", "promise_of_more_than_all"),
    ):
        target = {"name": "one", "kpi": kpi, "before": WINDOW, "judged_by": "By the mean."}
        body = fields | {"targets": [target | {"promised": {"change": change}}]}
        refused = await refusal(project.quality, f"{path}/propose", body)
        assert refused == (422, [("targets/0/promised/change", code)]), kpi


@in_test_all
async def test_a_pilot_is_cut_by_services_and_items_that_there_are_and_is_not_over_yet(
    project: Project,
) -> None:
    path = await project.approved()
    charter = {"sponsor": project.sponsor.id, "project_manager": project.manager.id}
    more = {"members": [project.executor.id], "resources": "Two.", "budget": "1.00", "currency": "CNY"}
    await project.asks(path, "charter", charter | more)
    plan: Json = {
        "work": "Write it.",
        "milestones": [{"title": "Tried", "due_at": ago(days=-90)}],
        "pilot_scope": {"service": ["no-such-service"]},
        "pilot_begins_at": ago(days=9),
        "pilot_ends_at": ago(days=1),
        "pilot_length_reason": "Enough cases come in a week.",
        "pilot_agreement": "Both agree.",
        "data_gathering": "From the log.",
        "expected": [{"target": "restore", "promised": {"change": "-0.3"}}],
    }
    wrong = await refusal(project.manager, f"{path}/plan", plan)
    assert wrong == (422, [("pilot_scope/service/0", "unknown_value")])
    plan["pilot_scope"] = {"team": ["network"]}
    worse = plan | {"expected": [{"target": "restore", "promised": {"change": "0.3"}}]}
    wrong = await refusal(project.manager, f"{path}/plan", worse)
    assert wrong == (422, [("expected/0/promised/change", "promise_to_worsen")])
    over = await refusal(project.manager, f"{path}/plan", plan)
    assert over == (422, [("pilot_ends_at", "not_ahead")])
    ends_at = datetime.now(UTC) + timedelta(seconds=3)
    plan |= {"pilot_ends_at": ends_at.isoformat()}
    unsaid = await refusal(project.manager, f"{path}/plan", plan | {"pilot_length_reason": None})
    assert unsaid == (422, [("pilot_length_reason", "pilot_begins_before_plan")])
    await project.manager.post_ok(f"{path}/plan", plan)
    await project.asks(path, "approve_plan")
    await project.sponsor.post_ok(f"{path}/kick_off")
    await asyncio.sleep(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()))
    started = await refusal(project.manager, f"{path}/start_pilot", await project.readiness())
    assert started == (409, "pilot_is_over")
    # The way out: the committee returns the plan, and its dates are agreed anew.
    returned = await project.asks(path, "return_plan", {"lacking": "Dates ahead."})
    assert (returned["state"], returned["kicked_off_at"]) == ("chartered", None)


async def test_a_large_kind_is_minor_and_one_that_promises_little_is_major_for_a_reason(
    project: Project,
) -> None:
    path = await project.approved()  # It promises 30 % less time.
    small = {"kind": "new_process", "size": "minor", "impact": "2", "urgency": "2"}
    wrong = await refusal(project.first, f"{path}/classify", small)
    assert wrong == (422, [("size_reason", "size_reason_missing")])
    record = await project.asks(path, "classify", small | {"size_reason": "One desk, one week."})
    assert (record["size"], record["size_reason"]) == ("minor", "One desk, one week.")
    body = {"kind": "new_process", "criteria": ["complex"], "impact": "2", "urgency": "2"}
    wrong = await refusal(project.first, f"{path}/classify", body)
    assert wrong == (422, [("size_reason", "promises_too_little")])
    english, chinese = await sentences(project.first, f"{path}/classify", body)
    assert "50%" in english
    assert "30%" in english
    assert "最多承诺 30%" in chinese
    record = await project.asks(path, "classify", body | {"size_reason": "It is for all desks."})
    assert (record["size"], record["size_reason"]) == ("major", "It is for all desks.")


@pytest.mark.parametrize(
    ("kpi", "promised", "promised_as", "before", "expected"),
    [
        ("incident_resolution_seconds", "-0.5", "relative", None, 0.5),
        ("incident_resolution_seconds", "-1800", "absolute", "7200", 0.25),
        ("incident_resolution_seconds", "-1800", "absolute", None, None),
        ("incident_resolution_seconds", "-1800", "absolute", "0", None),
        ("first_contact_resolution", "0.2", "absolute", "0.4", 0.5),
    ],
)
def test_a_promise_is_better_by_a_part_of_the_value_before(
    kpi: str, promised: str, promised_as: str, before: str | None, expected: float | None
) -> None:
    target = ImprovementTarget(id=uuid7(), kpi=kpi, promised=promised, promised_as=PromisedAs(promised_as))
    assert promised_to_be_better(target, before) == expected


@in_test_all
async def test_a_pilot_that_misses_its_promise_is_passed_for_a_reason_that_the_hand_over_repeats(
    project: Project,
) -> None:
    path = await project.piloting()
    position = await project.measured(path, promise=PromiseVerdict.missed)
    await project.manager.post_ok(f"{path}/report_pilot", dict(WORD))
    ask, body = f"{path}/ask_judgement", project.judgement(position)
    assert await refusal(project.quality, ask, body) == (422, [("reason", "passed_below_promise")])
    record = await project.quality.post_ok(ask, body | {"reason": "The desks want it."})
    assert (record["asked_judgement"], record["asked_reason"]) == ("passed", "The desks want it.")
    passed = await project.decide(path)
    assert (passed["against_evidence"], passed["against_evidence_reason"]) == (False, "The desks want it.")
    await project.manager.post_ok(f"{path}/roll_out", project.rollout())
    await completed(project, path, *FIRST_SEVEN)
    body = {"handed_over": "All of it.", "external_numbers": ["SOP-12"]}
    await project.manager.post_ok(f"{path}/ask_hand_over", body)
    sections = (await project.quality.read(f"{path}/document_sections"))["items"]
    reasons = [section["text"] for section in sections if section["heading"] == "below_promise"]
    assert reasons == ["The desks want it."]


async def test_a_deferred_proposal_comes_back_revised_as_the_next_edition(project: Project) -> None:
    path = await project.proposed()
    weighed = ("goals", "practice", "present_state", "cost", "resources", "time")
    question: Json = {f"weighed_{name}": f"Of {name}." for name in weighed} | project.question()
    await project.quality.post_ok(f"{path}/submit", question)
    assert (await project.decide(path, "defer"))["state"] == "deferred"
    body: Json = {name: f"With the cost of {name}." for name in TEXTS}
    target: Json = {"name": "restore", "kpi": "incident_resolution_seconds", "judged_by": "By the mean."}
    target |= {"before": WINDOW, "promised": {"change": "-0.4"}, "baseline_reason": "The relay is new."}
    revised = await project.quality.post_ok(f"{path}/propose", body | {"targets": [target]})
    assert (revised["state"], revised["deferred_until_at"]) == ("proposed", None)
    (document,) = (await project.quality.read(f"{path}/documents"))["items"]
    assert (document["edition"], document["state"]) == (2, "drafted")
    await project.quality.post_ok(f"{path}/submit", question)
    assert (await project.decide(path))["state"] == "approved"
    (document,) = (await project.quality.read(f"{path}/documents"))["items"]
    assert (document["edition"], document["state"]) == (2, "published")
