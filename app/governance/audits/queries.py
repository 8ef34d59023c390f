"""Read side of audits: self-checks, draws and irregularities, what the log knows, and the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.people.queries import PERSONS
from app.governance.audits.lifecycle import LIFECYCLE
from app.governance.audits.preparation import LogKnowledge, know_by_log, selection_of
from app.governance.audits.records import (
    Audit,
    AuditDraw,
    AuditIrregularity,
    IrregularityRule,
    SelfCheckEntry,
    SelfCheckItem,
)
from app.log.read import head


class AuditOut(RecordOut, of=Audit):
    """An audit of how a team ran a process in a month."""

    incomplete_items: list[SelfCheckItem] | None = Field(
        description="Items of the self-check that were incomplete; null until the audit is concluded."
    )


class SelfCheckEntryOut(OutputModel, of=SelfCheckEntry):
    """A measure, deviation or design fault in a self-check."""


class AuditDrawOut(OutputModel, of=AuditDraw):
    """A sample of the month's cases that was drawn at random."""


class AuditIrregularityOut(OutputModel, of=AuditIrregularity):
    """An irregularity that the log shows in a case of the month."""


class IrregularCaseOut(OutputModel):
    """An irregularity in a case."""

    about: str = Field(description="Case with the irregularity, such as `incident/0199…`.")
    rule: IrregularityRule = Field(description="Rule that found the irregularity.")
    step: str | None = Field(
        description="Step of the expected path that the rule is about; null for other rules."
    )
    position: int = Field(description="Position of the event that shows the irregularity.")


class SelfCheckPrefill(OutputModel):
    """Figures of the log about the audited month, with which a self-check can begin."""

    begins_at: datetime = Field(description="Beginning of the month.")
    ends_at: datetime = Field(description="End of the month, exclusive.")
    position: int = Field(description="Position of the log up to which the figures are complete.")
    path_source: str | None = Field(
        description="Source of the expected path: the number of its definition, or `shipped`; null if "
        "there is no path."
    )
    facts_position: int | None = Field(
        description="Position of the log up to which the steps were compared with the path; null if "
        "there is no path."
    )
    runs: int = Field(description="Number of the team's cases of the process that ended in the month.")
    irregular_cases: int = Field(description="Number of cases with an irregularity.")
    by_rule: Mapping[IrregularityRule, int] = Field(
        description="Number of cases with an irregularity, by rule."
    )
    irregular: list[IrregularCaseOut] = Field(description="First hundred irregularities.")


MOST_IRREGULARITIES = 100

LISTING = Listing(
    LIFECYCLE,
    ("state", "month", "team", "process", "head", "opened_at", "changed_at"),
    sorts=("opened_at", "month", "changed_at"),
    shape=AuditOut,
    expands=(PERSONS,),
)
CHILD_LISTINGS = (
    ChildListing(
        "self_check_entries",
        SelfCheckEntry,
        "noted_at",
        SelfCheckEntryOut,
        "the measures, deviations and design faults of the self-check",
    ),
    ChildListing(
        "draws", AuditDraw, "drawn_at", AuditDrawOut, "the samples that were drawn, the oldest first"
    ),
    ChildListing(
        "irregularities",
        AuditIrregularity,
        "noted_at",
        AuditIrregularityOut,
        "the irregularities that the draws have listed",
    ),
)


async def log_of_month(renderer: Renderer, audit: Audit) -> LogKnowledge:
    """Return what the log knows of the audit's month by now."""
    ledger = renderer.ledger
    selection = selection_of(audit, ledger.numbers.zone, await head(ledger.db))
    return await know_by_log(ledger.db.rows, ledger.lifecycles, selection)


async def prefill_of(renderer: Renderer, audit: Audit) -> dict[str, Any]:
    """Return what a self-check of the audit can begin with."""
    log = await log_of_month(renderer, audit)
    return {
        "begins_at": log.selection.begin,
        "ends_at": log.selection.end,
        "position": log.selection.position,
        "path_source": log.by_path.source,
        "facts_position": log.by_path.position or None,
        "runs": len(log.cases),
        "irregular_cases": log.irregular_cases,
        "by_rule": log.by_rule,
        "irregular": [
            {
                "about": irregularity.about,
                "rule": irregularity.rule.value,
                "step": irregularity.step,
                "position": irregularity.position,
            }
            for irregularity in log.irregular[:MOST_IRREGULARITIES]
        ],
    }
