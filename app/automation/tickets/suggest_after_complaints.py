"""Suggests an improvement when there are three complaints about one service within thirty days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from app.common.improvement import ImprovementAspect, SuggestionSource
from app.kernel.access.reads import load
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.processes.improvement_suggestions.lookups import (
    ImprovementSignal,
    line_of_rule,
    suggestion_for,
)
from app.processes.improvement_suggestions.payloads import GivenEvidence
from app.processes.improvement_suggestions.records import SuggestionCause
from app.ticketing.records import ComplaintSubject

LEAST_COMPLAINTS = 3
COUNTED_DAYS = 30
#: The kinds of tickets of services that people complain about.
KINDS = ("request", "incident", "problem", "change", "release")
# By the index of the newest complaints; each ticket by its id.
_OF_KIND = """
select c.record, c.subject, c.complained_at from fold.complaint c
join fold.{kind} t on c.record = '{kind}/' || t.id
where t.service = %(service)s and c.complained_at > %(since)s and c.complained_at <= %(until)s"""
COMPLAINTS = (
    f"{' union all '.join(_OF_KIND.format(kind=kind) for kind in KINDS)} order by complained_at, record"
)


async def suggest_after_complaints(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the suggestion for the service of the ticket, or what joins it, if there are enough complaints
    about it.
    """
    ticket_kind: Lifecycle[Any] = ledger.lifecycles[kind_of(event.stream)]
    loaded = await load(ledger.db, ticket_kind, str(id_of(event.stream)))
    service = None if loaded is None else loaded.record.service
    if service is None:
        return
    since = event.occurred_at - timedelta(days=COUNTED_DAYS)
    rows = await ledger.db.rows(COMPLAINTS, {"service": service, "since": since, "until": event.occurred_at})
    zone, evidence = ledger.numbers.zone, []
    for row in rows:
        time = f"{row['complained_at'].astimezone(zone):%Y-%m-%d %H:%M:%S}"
        subject = ComplaintSubject(row["subject"])
        text = line_of_rule(ledger, "complaint", {"at": time, "subject": subject.en}, {"subject": subject.zh})
        evidence.append(GivenEvidence(about=row["record"], text=text))
    kinds = {kind_of(row["record"]) for row in rows}
    process = kinds.pop() if len(kinds) == 1 else None
    suggestion = await suggestion_for(
        ledger,
        ImprovementSignal(
            cause=SuggestionCause.complaints,
            cause_scope=f"service/{service}",
            title=line_of_rule(ledger, "complaints_title", {"service": service}),
            process=process,
            aspect=ImprovementAspect.interface if process is None else ImprovementAspect.activity,
            source=SuggestionSource.satisfaction_survey,
            evidence=tuple(evidence),
        ),
        least=LEAST_COMPLAINTS,
    )
    if suggestion is not None:
        yield suggestion


RULE = Rule(
    "suggest_after_complaints", tuple(f"{kind}.complained" for kind in KINDS), suggest_after_complaints
)
