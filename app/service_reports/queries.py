"""Read side of service reports: the list of an agreement's, one of them, and a preview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.records.events import ACCOUNTS
from app.api.records.shapes import OutputModel, PersonStub, Renderer
from app.common.records import from_row
from app.foundation.calendars.calendar_cache import newest_business_times
from app.kernel.actions.refusals import NotFound, WrongValue
from app.kernel.ledger import Ledger
from app.kpis.questions.periods import Grain
from app.service_levels.agreements.records import Agreement, ConsequenceKind
from app.service_levels.reports.actions import PeriodLabel
from app.service_levels.reports.records import AgreementReport, AgreementReportRecipient, ReleasedConsequence
from app.service_reports.compute import Report, compute_report
from app.service_reports.content import ReportChange, ReportContent, StaffContent
from app.service_reports.periods import Period, Span, grain_of, period_named, span_of

ROWS = "select * from fold.{table} r where r.record = %s and r.number = %s order by r.edition, r.id"


class ServiceReportSummary(
    OutputModel, of=AgreementReport, without="id content staff_content changes staff_changes remarks"
):
    """The newest edition of a service report."""

    period: PeriodLabel


class ReportEdition(OutputModel):
    """An edition of a report: as issued, or with the changes of a correction and their reason."""

    edition: int = Field(description="Number of the edition, from 1.")
    position: int = Field(description="Position of the log up to which the edition counts.")
    issued_at: datetime = Field(description="Time at which the edition was issued.")
    issued_by: PersonStub | None = Field(
        description="Person who issued the edition; null if it was issued automatically."
    )
    remarks: str | None = Field(
        description="Remarks for both parties; null if not given, or if their author was erased."
    )
    changes: list[ReportChange] | None = Field(
        description="Changes from the previous edition; null for the first edition."
    )
    staff_changes: list[ReportChange] | None = Field(
        description="Changes from the previous edition in the part that only staff see; null for the first "
        "edition, and for callers who are not staff."
    )


class ReleasedConsequenceOut(OutputModel):
    """A consequence that was released; it is paid elsewhere."""

    edition: int = Field(description="Edition of the report that proposed the consequence.")
    target: str = Field(description="Identifier of the missed target.")
    kind: ConsequenceKind
    below: str | None = Field(description="Limit of the tier that applied.")
    percent: str | None = Field(
        description="Percentage of the cost of the period; null if the tier has an amount."
    )
    amount: str | None = Field(description="Resulting amount, as a decimal text; null if no cost is agreed.")
    currency: str | None = Field(description="Currency of the amount (ISO 4217); null if there is no amount.")
    released_by: PersonStub | None = Field(description="Person who released the consequence.")
    released_at: datetime = Field(description="Time at which the consequence was released.")


class Recomputed(OutputModel):
    """The comparison of this edition with the report as computed now."""

    same: bool = Field(description="True if both have the same figures.")
    position: int = Field(description="Position of the log up to which the report was computed now.")
    computed_at: datetime = Field(description="Time at which the report was computed now.")
    changes: list[ReportChange] = Field(description="Figures that differ.")
    staff_changes: list[ReportChange] | None = Field(
        description="Figures that differ in the part that only staff see; null for others."
    )


class ServiceReport(OutputModel):
    """The service report of an agreement for a period, as issued, or a preview."""

    number: str | None = Field(description="Number of the report's document; null for a preview.")
    edition: int | None = Field(description="Number of the edition; null for a preview.")
    position: int = Field(description="Position of the log up to which the report counts.")
    computed_at: datetime = Field(description="Time at which the report was computed.")
    issued_at: datetime | None = Field(description="Time at which the report was issued; null for a preview.")
    issued_by: PersonStub | None = Field(
        description="Person who issued the report; null if it was issued automatically, and for a preview."
    )
    remarks: str | None = Field(
        description="Remarks for both parties; null if not given, or if their author was erased."
    )
    report: ReportContent
    staff: StaffContent | None = Field(
        description="Content that only staff see: cost, causes of breaches, consequences; null for others."
    )
    editions: list[ReportEdition] = Field(description="All editions, the oldest first.")
    released: list[ReleasedConsequenceOut] = Field(
        description="Consequences of the report that were released."
    )
    sent_to: list[PersonStub] = Field(
        description="Leads who received the report, in addition to the representatives."
    )
    names: dict[str, str | None] = Field(description="Names, by id, of the persons who allowed exclusions.")
    recomputed: Recomputed | None = Field(
        description="Comparison with a new computation; null unless requested by `recompute`."
    )


def _newest(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    return (
        "not exists (select from fold.sla_report n "
        "where n.record = r.record and n.number = r.number and n.edition > r.edition)"
    )


REPORTS = ChildListing(
    "reports",
    AgreementReport,
    "issued_at",
    ServiceReportSummary,
    "the service reports of an agreement, in the order in which they were issued or corrected",
    _newest,
)


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """A report with all of its editions, the one that was asked for, and what followed from it."""

    asked_edition: AgreementReport
    editions: Sequence[AgreementReport]
    released: Sequence[ReleasedConsequence]
    recipients: Sequence[UUID]


async def find_report(ledger: Ledger, agreement: Agreement, number: str, edition: int | None) -> IssuedReport:
    """Return the agreement's report of that number, as of an edition (None: the newest). Raises NotFound."""
    key = (agreement.row_key, number)
    editions = [
        from_row(AgreementReport, row)
        for row in await ledger.db.rows(ROWS.format(table=AgreementReport.KIND), key)
    ]
    chosen_editions = [edition_row for edition_row in editions if edition in (None, edition_row.edition)]
    if not chosen_editions:
        raise NotFound()
    asked_edition = chosen_editions[-1]
    released = await ledger.db.rows(ROWS.format(table=ReleasedConsequence.KIND), key)
    sent = await ledger.db.rows(ROWS.format(table=AgreementReportRecipient.KIND), key)
    return IssuedReport(
        asked_edition,
        editions,
        [from_row(ReleasedConsequence, row) for row in released],
        [row["person_id"] for row in sent if row["edition"] == asked_edition.edition],
    )


async def zone_of(ledger: Ledger, agreement: Agreement) -> ZoneInfo:
    """Return the zone of the agreement's calendar, or else the organisation's."""
    calendars = await newest_business_times(ledger.db, [agreement.calendar] if agreement.calendar else [])
    hours = calendars.get(agreement.calendar or "")
    return ZoneInfo(ledger.settings.time_zone if hours is None else hours.definition.zone)


async def span_named(
    ledger: Ledger, agreement: Agreement, label: str, now: datetime, *, running: bool
) -> Span:
    """Return the agreement's part of the period of that label. Raises WrongValue, of the parameter `period`
    if a `running` one may be asked for, else of that field, if the agreement is not reported on by such
    periods, if it was not in force then, or if the period is not over; with `running`, if it has not begun.
    """

    def wrong_period(code: str, words: dict[str, str] | None = None) -> WrongValue:
        if running:
            return WrongValue(words or {}, parameter="period", because=code)
        return WrongValue(words or {}, pointer="/period", because=code)

    zone = await zone_of(ledger, agreement)
    period = period_named(label, grain_of(agreement), zone)
    if period is None:
        example = Period(grain_of(agreement), now.astimezone(zone).date().replace(month=1, day=1), zone).label
        raise wrong_period("no_report_period", {"example": example})
    span = span_of(agreement, period)
    if span is None:
        raise wrong_period("not_in_force_then")
    if not running and span.end > now:
        raise wrong_period("period_not_over")
    if span.begin >= now:
        raise wrong_period("period_not_begun")
    return span


async def recompute(ledger: Ledger, agreement: Agreement, edition: AgreementReport, now: datetime) -> Report:
    """Return the report of that edition's period as it would be now."""
    content = edition.content or {}
    # With the zone and the grain of the issued report: the agreement's calendar may be another one now.
    period = period_named(edition.period or "", Grain(content["grain"]), ZoneInfo(content["tz"]))
    assert period is not None, "its label was one when it was issued"
    assert edition.begins_at is not None
    assert edition.ends_at is not None
    return await compute_report(ledger, agreement, Span(period, edition.begins_at, edition.ends_at), now)


async def render_report(
    renderer: Renderer, agreement: Agreement, issued: IssuedReport, fresh: Report | None
) -> ServiceReport:
    """Return the report as the caller sees it; `fresh` is the report as it would be now, if asked for."""
    edition, for_staff = issued.asked_edition, renderer.caller.is_staff_for(agreement)
    people = _People(renderer.ledger)
    content = ReportContent.model_validate(edition.content)
    persons = {each.issued_by_id for each in issued.editions} | {
        each.released_by_id for each in issued.released
    }
    await people.load({*persons, *issued.recipients, *_allowing(content)})
    texts = await renderer.ledger.vault.texts(
        each.remarks for each in issued.editions if each.remarks is not None
    )
    assert edition.position is not None
    assert edition.computed_at is not None
    return ServiceReport(
        number=edition.number,
        edition=edition.edition,
        position=edition.position,
        computed_at=edition.computed_at,
        issued_at=edition.issued_at,
        issued_by=people.stub(edition.issued_by_id),
        remarks=texts.get(edition.remarks or ""),
        report=content,
        staff=StaffContent.model_validate(edition.staff_content) if for_staff else None,
        editions=[_edition(each, people, texts, for_staff=for_staff) for each in issued.editions],
        released=[_released(release, people) for release in issued.released],
        sent_to=[stub for person in issued.recipients if (stub := people.stub(person)) is not None],
        names=people.names_of(_allowing(content)),
        recomputed=None if fresh is None else _recomputed(edition, fresh, for_staff=for_staff),
    )


async def render_preview(renderer: Renderer, agreement: Agreement, computed: Report) -> ServiceReport:
    """Return a report that is not issued as the caller sees it."""
    people = _People(renderer.ledger)
    await people.load(_allowing(computed.content))
    return ServiceReport(
        number=None,
        edition=None,
        position=computed.position,
        computed_at=computed.computed_at,
        issued_at=None,
        issued_by=None,
        remarks=None,
        report=computed.content,
        staff=computed.staff if renderer.caller.is_staff_for(agreement) else None,
        editions=[],
        released=[],
        sent_to=[],
        names=people.names_of(_allowing(computed.content)),
        recomputed=None,
    )


def _edition(
    edition: AgreementReport, people: _People, texts: Mapping[str, str | None], *, for_staff: bool
) -> ReportEdition:
    return ReportEdition.model_validate(
        {
            "edition": edition.edition,
            "position": edition.position,
            "issued_at": edition.issued_at,
            "issued_by": people.stub(edition.issued_by_id),
            "remarks": texts.get(edition.remarks or ""),
            "changes": edition.changes,
            "staff_changes": edition.staff_changes if for_staff else None,
        }
    )


def _released(release: ReleasedConsequence, people: _People) -> ReleasedConsequenceOut:
    values = release.model_dump(exclude={"released_by_id"})
    return ReleasedConsequenceOut.model_validate(
        values | {"released_by": people.stub(release.released_by_id)}
    )


def _recomputed(edition: AgreementReport, fresh: Report, *, for_staff: bool) -> Recomputed:
    changes, staff_changes = fresh.changes_since(edition.content or {}, edition.staff_content or {})
    # Only staff see whether the part for staff differs.
    return Recomputed.model_validate(
        {
            "same": not changes and not (for_staff and staff_changes),
            "position": fresh.position,
            "computed_at": fresh.computed_at,
            "changes": changes,
            "staff_changes": staff_changes if for_staff else None,
        }
    )


def _allowing(content: ReportContent) -> set[UUID]:
    """Return the persons who allowed an exclusion."""
    named = (exclusion.by.partition(":") for exclusion in content.exclusions if exclusion.by is not None)
    return {UUID(name) for kind, _, name in named if kind in ACCOUNTS}


class _People:
    """Names of persons."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._names: dict[UUID, str | None] = {}

    async def load(self, persons: Iterable[UUID | None]) -> None:
        encrypted = await self._ledger.directory.names({person for person in persons if person is not None})
        texts = await self._ledger.vault.texts(encrypted.values())
        self._names = {person: texts[name] for person, name in encrypted.items()}

    def stub(self, person: UUID | None) -> PersonStub | None:
        return None if person is None else PersonStub(id=person, name=self._names.get(person))

    def names_of(self, persons: Iterable[UUID]) -> dict[str, str | None]:
        return {str(person): self._names.get(person) for person in sorted(persons)}


def for_other_party(report: ServiceReport) -> ServiceReport:
    """Return the report without what only staff see, as callers who are not staff see it."""
    hidden = {"staff_changes": None}
    fresh = None if report.recomputed is None else report.recomputed.model_copy(update=hidden)
    editions = [edition.model_copy(update=hidden) for edition in report.editions]
    return report.model_copy(update={"staff": None, "editions": editions, "recomputed": fresh})
