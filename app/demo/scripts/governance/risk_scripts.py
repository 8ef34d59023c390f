"""The demo's register of risks: treated, accepted, occurred, closed; one has an overdue assessment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from app.demo.data.governance import risk_data as data
from app.demo.data.governance.risk_data import RiskStep, RiskTemplate
from app.demo.data.organisation import CURRENCY
from app.demo.languages import in_language
from app.demo.programme import Programme, ProgrammeScript
from app.governance.risks.payloads import (
    AssessRisk,
    AttachIndicatorRisk,
    CloseRisk,
    CompleteActionRisk,
    FlagActionRisk,
    IdentifyRisk,
    ReassessRisk,
    RecordOccurrenceRisk,
    TreatRisk,
)
from app.governance.risks.records import RiskAction
from app.kernel.actions.payloads import EmptyPayload
from app.log.canonical import instant
from app.log.events import stream

#: So long before a reassessment is due its owner is reminded.
REMINDED_BEFORE = 14
#: The rules that flag what is late.
ACTION_FLAGGER, REMINDER, REASSESSMENT_FLAGGER = (
    "flag_risk_actions",
    "remind_of_reassessments",
    "flag_overdue_reassessments",
)


async def make_risks(programme: Programme) -> dict[str, str]:
    """Play the risks that are not there yet; return their streams by their names."""
    risks = {}
    for template in data.RISKS:
        script = RiskScript(programme, "risk", template.name, template=template)
        await script.identify()
        for step in template.steps:
            await script.play(step)
        risks[template.name] = stream(script.kind, script.record_id)
    return risks


@dataclass
class RiskScript(ProgrammeScript):
    """The script of one risk."""

    template: RiskTemplate = field(kw_only=True)
    is_assessed: bool = False

    async def identify(self) -> None:
        """Identify the risk."""
        template, programme = self.template, self.programme
        body = IdentifyRisk.model_validate(
            {
                "title": template.title,
                "kind": template.kind,
                "found_by": template.found_by,
                "cause": template.cause,
                "owner": programme.person(template.owner),
                "process": template.process,
                "services": template.services,
            }
        )
        by = programme.callers[template.identified_by]
        await self.act(programme.before_end(template.identified), by, "identify", body)

    async def play(self, step: RiskStep) -> None:
        """Play one step of what happened to the risk."""
        owner, before_end = self.programme.callers[self.template.owner], self.programme.before_end
        match step:
            case data.Assessed():
                await self._assess(step)
            case data.Treated():
                by = self.programme.callers[step.by or self.template.owner]
                await self.act(before_end(step.days), by, "treat", self._response(step))
            case data.ActionDone():
                await self._complete(step)
            case data.ActionOverdue():
                await self._flag(step)
            case data.Occurred():
                await self._record_occurrence(step)
            case data.Indicator():
                body = AttachIndicatorRisk.model_validate(
                    {
                        "kpi": step.kpi,
                        "comparator": step.comparator,
                        "threshold": step.threshold,
                        "team": step.team,
                        "window_days": step.window_days,
                    }
                )
                await self.act(before_end(step.days), owner, "attach_indicator", body)
            case data.ReassessmentMissed():
                await self.rule(before_end(step.due + REMINDED_BEFORE), REMINDER, "fall_due", EmptyPayload())
                await self.rule(before_end(step.due), REASSESSMENT_FLAGGER, "fall_overdue", EmptyPayload())
            case data.RiskOver():
                body_of_end = CloseRisk(closing_reason=step.reason)
                await self.act(before_end(step.days), self.programme.owner, "close", body_of_end)

    async def _assess(self, step: data.Assessed) -> None:
        fields = {
            "likelihood": step.likelihood,
            "impact": step.impact,
            "remark": step.remark,
            "controllable": step.controllable,
            "dear": step.dear,
            "reassess_by_at": None if step.due is None else instant(self.programme.before_end(step.due)),
        }
        action, payload = ("reassess", ReassessRisk) if self.is_assessed else ("assess", AssessRisk)
        self.is_assessed = True
        owner = self.programme.callers[self.template.owner]
        await self.act(self.programme.before_end(step.days), owner, action, payload.model_validate(fields))

    def _response(self, step: data.Treated) -> TreatRisk:
        before_end, person = self.programme.before_end, self.programme.person
        until = step.accepted_until
        return TreatRisk.model_validate(
            {
                "response": step.response,
                "transfer_to": step.transfer_to,
                "accepted_until_at": None if until is None else instant(before_end(until)),
                "actions": [
                    {"title": title, "owner": person(owner), "due_at": instant(before_end(due))}
                    for title, owner, due in step.actions
                ],
            }
        )

    async def _action(self, title: str) -> RiskAction:
        titles = {in_language(title, language) for language in ("zh", "en")}
        rows = await self.script.children(self.kind, self.record_id, RiskAction)
        (row,) = [row for row in rows if row.title in titles]
        return row

    async def _complete(self, step: data.ActionDone) -> None:
        async def outcome() -> CompleteActionRisk:
            row = await self._action(step.title)
            return CompleteActionRisk(action=row.id, outcome=step.outcome)

        doers = {
            title: owner
            for treated in self.template.steps
            if isinstance(treated, data.Treated)
            for title, owner, _ in treated.actions
        }
        doer = self.programme.callers[doers[step.title]]
        await self.act(self.programme.before_end(step.days), doer, "complete_action", outcome)

    async def _flag(self, step: data.ActionOverdue) -> None:
        (due, owner) = next(
            (due, owner)
            for treated in self.template.steps
            if isinstance(treated, data.Treated)
            for title, owner, due in treated.actions
            if title == step.title
        )

        async def flag() -> FlagActionRisk:
            row = await self._action(step.title)
            return FlagActionRisk(action=row.id, owner=self.programme.person(owner))

        await self.rule(self.programme.before_end(due), ACTION_FLAGGER, "flag_action", flag)

    async def _record_occurrence(self, step: data.Occurred) -> None:
        happened_at = self.programme.before_end(step.days)
        body = RecordOccurrenceRisk(
            happened_at=happened_at, extent=step.extent, loss=step.loss, currency=CURRENCY
        )
        by = self.programme.callers[step.by]
        await self.act(happened_at + timedelta(hours=12), by, "record_occurrence", body)
