"""Findings of the demo's audits: corrected, repeated, withdrawn after an objection, found by the team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.demo.data.governance import audit_data as data
from app.demo.data.governance.audit_data import FindingTemplate
from app.demo.data.organisation import SECURITY_LEAD
from app.demo.programme import Programme, ProgrammeScript
from app.demo.scripts.governance.audit_scripts import AuditScript, award_points
from app.governance.findings.payloads import (
    CorrectFinding,
    DecideObjectionFinding,
    ObjectFinding,
    RaiseFinding,
    VerifyFinding,
)
from app.governance.findings.records import ObjectionVerdict
from app.log.canonical import instant
from app.log.events import stream


async def make_findings(programme: Programme, audits: Mapping[str, AuditScript]) -> dict[str, str]:
    """Play the findings that are not there yet; return their streams by their names."""
    findings = {}
    for template in data.FINDINGS:
        audit = audits.get(f"{template.audited.team}-{template.months_ago}")
        script = FindingScript(programme, "finding", template.name, template=template, audit=audit)
        await script.play()
        findings[template.name] = stream(script.kind, script.record_id)
    return findings


@dataclass
class FindingScript(ProgrammeScript):
    """The script of one finding. `audit` is the script of the audit that found it."""

    template: FindingTemplate = field(kw_only=True)
    audit: AuditScript | None = field(kw_only=True)

    @property
    def raised_at(self) -> datetime:
        """The time at which it is raised."""
        day = self.template.raised
        return self.programme.before_end(day) if self.audit is None else self.audit.on_day(day)

    async def play(self) -> None:
        """Raise the finding, and play what followed."""
        template, programme = self.template, self.programme
        quality = programme.quality
        await self.act(self.raised_at, quality, "raise", self._finding)
        if template.objection is not None and template.person is not None:
            objection = ObjectFinding(objection=template.objection)
            person = programme.callers[template.person]
            await self.act(self._after(data.OBJECTED_AFTER), person, "object", objection)
            verdict = DecideObjectionFinding(
                verdict=ObjectionVerdict.withdrawn, verdict_reason=template.verdict_reason or ""
            )
            other = programme.callers[SECURITY_LEAD]
            await self.act(self._after(data.DECIDED_AFTER), other, "decide_objection", verdict)
        if template.correction is not None:
            owner = programme.callers[template.owner]
            correction = CorrectFinding(correction=template.correction)
            await self.act(self._after(data.CORRECTED_AFTER), owner, "correct", correction)
        if template.verification is not None:
            verification = VerifyFinding(verification=template.verification)
            await self.act(self._after(data.VERIFIED_AFTER), quality, "verify", verification)
        await award_points(self)

    def _after(self, days: float) -> datetime:
        return self.raised_at + timedelta(days=days)

    async def _finding(self) -> RaiseFinding:
        """Return the finding, with the first of the cases that were drawn as its evidence."""
        template, person = self.template, self.programme.person
        cases = () if self.audit is None else await self.audit.drawn_cases()
        return RaiseFinding.model_validate(
            {
                "title": template.title,
                "kind": template.kind,
                "severity": template.severity,
                "process": data.PROCESS,
                "team": template.audited.team,
                "audit": None if self.audit is None else str(self.audit.record_id),
                "evidence": list(cases[:2]) or [f"{self.raised_at:%Y-%m} {data.NO_CASE}"],
                "description": template.description,
                "self_found": template.self_found,
                "person": None if template.person is None else person(template.person),
                "supervisor": person(template.audited.supervisor),
                "head": person(template.audited.head),
                "owner": person(template.owner),
                "due_at": instant(self._after(template.due_after)),
            }
        )
