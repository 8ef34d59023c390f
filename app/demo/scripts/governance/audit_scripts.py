"""The demo's process audits: opened each month, self-checked, summarised, drawn from, concluded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.automation.governance.award_audit_points import RULE as AWARDS
from app.automation.governance.award_audit_points import award_audit_points
from app.common.people import Caller, rule_caller
from app.demo.data.governance import audit_data as data
from app.demo.data.governance.audit_data import AuditTemplate
from app.demo.data.organisation import PROCESS_ADMINISTRATOR
from app.demo.programme import Programme, ProgrammeScript
from app.demo.script import IMPORTED_SOURCE
from app.foundation.months import end_of_month, month_of
from app.governance.audits.payloads import (
    ConcludeAudit,
    ConfirmSummaryAudit,
    DrawAudit,
    OpenAudit,
    SubmitSelfCheckAudit,
)
from app.governance.audits.records import AuditDraw
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.log.events import id_of, stream
from app.log.read import stream_events

DAY = timedelta(days=1)
OPENER, CHECK_FLAGGER, SUMMARY_FLAGGER = (
    "open_audits",
    "flag_overdue_self_checks",
    "flag_overdue_summaries",
)


async def make_audits(programme: Programme) -> dict[str, AuditScript]:
    """Play the audits that are not there yet; return their scripts by the audits' names."""
    scripts = {}
    for template in data.AUDITS:
        scripts[template.name] = script = AuditScript(programme, "audit", template.name, template=template)
        await script.play()
    return scripts


@dataclass
class AuditScript(ProgrammeScript):
    """The script of one audit. Steps behind the end of the history have not happened yet."""

    template: AuditTemplate = field(kw_only=True)

    @property
    def month(self) -> str:
        """The month that is audited."""
        zone = ZoneInfo(self.programme.maker.ledger.settings.time_zone)
        begin = self.programme.end.astimezone(zone).replace(day=1)
        for _ in range(self.template.months_ago):
            begin = (begin - DAY).replace(day=1)
        return month_of(begin, zone)

    def on_day(self, day: float) -> datetime:
        """Return the time on that day of the following month, counted from 1."""
        zone = ZoneInfo(self.programme.maker.ledger.settings.time_zone)
        return end_of_month(self.month, zone).astimezone(UTC) + (day - 1) * DAY

    async def play(self) -> None:
        """Open the audit, and play what has happened to it so far, in the order of its days."""
        template, programme = self.template, self.programme
        supervisor = programme.callers[template.audited.supervisor]
        head = programme.callers[template.audited.head]
        body = OpenAudit(
            month=self.month,
            team=template.audited.team,
            process=data.PROCESS,
            head=programme.person(template.audited.head),
        )
        await self.rule(self.on_day(1), OPENER, "open", body)
        check = SubmitSelfCheckAudit.model_validate(data.SELF_CHECK)
        draw = DrawAudit(size=data.SAMPLE_SIZE)
        steps: list[tuple[float, Caller, str, Payload]] = [
            (template.checked, supervisor, "submit_self_check", check),
            (
                template.summarised,
                programme.callers[PROCESS_ADMINISTRATOR],
                "confirm_summary",
                ConfirmSummaryAudit.model_validate(data.SUMMARY),
            ),
            (template.countersigned, head, "countersign", EmptyPayload()),
            (template.drawn, programme.quality, "draw", draw),
            (template.concluded, programme.quality, "conclude", ConcludeAudit(summary=data.CONCLUSION)),
        ]
        if template.checked > data.SELF_CHECK_DAY + 1:
            flagger = rule_caller(CHECK_FLAGGER)
            steps.append((data.SELF_CHECK_DAY + 1, flagger, "flag_self_check", EmptyPayload()))
        if template.countersigned > data.SUMMARY_DAY + 1:
            flagger = rule_caller(SUMMARY_FLAGGER)
            steps.append((data.SUMMARY_DAY + 1, flagger, "flag_summary", EmptyPayload()))
        for day, caller, action, step in sorted(steps, key=lambda planned: planned[0]):
            if self.on_day(day) < programme.end:
                await self.act(self.on_day(day), caller, action, step)
        await award_points(self)

    async def drawn_cases(self) -> Sequence[str]:
        """Return the numbers of the drawn cases, in the order of the draw; empty before a draw."""
        draws = await self.script.children(self.kind, self.record_id, AuditDraw)
        drawn = [id_of(case) for draw in draws for case in draw.drawn or ()]
        incidents: list[Any] = [await self.script.load_record(data.PROCESS, case) for case in drawn]
        return [incident.number for incident in incidents]


async def award_points(script: ProgrammeScript) -> None:
    """Give and withdraw the points that follow from what has happened to the script's record, as the rule
    does, which leaves alone what is imported.
    """
    programme, name = script.programme, f"{script.kind}-{script.name}"
    ledger = programme.maker.ledger
    for event in await stream_events(ledger.db, stream(script.kind, script.record_id)):
        if event.type in AWARDS.event_types and event.source == IMPORTED_SOURCE:
            consequences = [consequence async for consequence in award_audit_points(ledger, event)]
            for n, consequence in enumerate(consequences):
                points = ProgrammeScript(
                    programme, consequence.kind, f"{name}-{event.version}-{n}", consequence.record_id
                )
                await points.rule(event.occurred_at, AWARDS.name, consequence.action, consequence.body)
