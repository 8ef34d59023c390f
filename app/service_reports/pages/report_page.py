"""The service report as a page that prints on A4: HTML without scripts, in English or Chinese (pure). Rows
and sentences are made here; the template puts them in their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.common.times.clocks import AgreementType
from app.html.filters import classed, strong
from app.html.templates import render
from app.html.wording import Wording
from app.i18n.entries import joined
from app.service_levels.agreements.records import AgreementSide
from app.service_reports.content import (
    ExclusionKind,
    ReportChange,
    ReportConsequence,
    ReportContent,
    ReportExclusion,
    ReportTarget,
    StaffContent,
    TargetVerdict,
)
from app.service_reports.corrections import Line, correction_lines
from app.service_reports.pages.drawing import trend_chart
from app.service_reports.pages.texts import TABLE, UNKNOWN, RecordNames, ReportTexts
from app.service_reports.queries import ServiceReport
from app.ticketing.records import BreachCauseCode

TEMPLATE = "service_reports/pages/report.html"
PARTY = {
    AgreementType.sla: "customer",
    AgreementType.ola: "team",
    AgreementType.uc: "supplier",
}
SIGNS = {TargetVerdict.met: "✓", TargetVerdict.missed: "◆"}
#: The cells of a row: texts, or what stands out.
Cells = tuple[str, ...]
Causes = Mapping[tuple[str, UUID, int], str | None]


@dataclass(frozen=True, slots=True)
class TargetDetails:
    """Details of a target: the trend, the forecast, and the breaches, some of which are left out."""

    name: str
    chart: Markup | None
    forecast: str | None
    breaches: Sequence[Cells]
    left_out: int


@dataclass(frozen=True, slots=True)
class ChangedFigures:
    """A correction, or a comparison with the figures of now: what it is, why, and what has changed."""

    heading: str
    changes: Sequence[Line]
    remarks: str | None = None


@dataclass(frozen=True, slots=True)
class StaffDetails:
    """Details for staff only: costs with remarks on them, causes, and consequences line by line."""

    costs: Sequence[Cells]
    notes: Sequence[str]
    causes: Sequence[Cells]
    consequences: Sequence[Cells]


def document(
    issued: ServiceReport,
    language: str,
    names: RecordNames,
    signers: Mapping[AgreementSide, str | None],
) -> Markup:
    """Return the page, with these names of services, categories and items of the catalogue, and with a
    line for each of the sides that sign, with the name of who signs for it, if known.
    """
    report = issued.report
    texts = ReportTexts(language, ZoneInfo(report.tz), names)
    is_for_staff = issued.staff is not None
    exceeded = any(line.above for line in report.workload)
    return render(
        TEMPLATE,
        Wording(language, TABLE),
        title=_title(issued, texts),
        name=_name(issued, texts),
        report=report,
        facts=list(_facts(issued, texts)),
        signed_at=None if report.signed_at is None else texts.moment(report.signed_at),
        remarks=issued.remarks,
        met_of=_met_of(report, texts),
        results=[_result(target, report, texts) for target in report.targets],
        details=list(_details(issued, texts)),
        breach_columns=(
            "case",
            "priority",
            "limit",
            "breached",
            "over",
            *(["cause"] if is_for_staff else []),
        ),
        workload=_workload(report, texts),
        workload_above=report.workload_above if exceeded else None,
        exclusions=[_exclusion(exclusion, issued, texts) for exclusion in report.exclusions],
        staff=None if issued.staff is None else _staff(issued.staff, texts),
        released=_released(issued, texts),
        corrections=_corrections(issued, texts),
        recomputed=_recomputed(issued, texts),
        signing_parties=[_signing_line(side, name, report, texts) for side, name in signers.items()],
    )


def _title(issued: ServiceReport, texts: ReportTexts) -> str:
    return texts.sentence("title", number=issued.number or texts.sentence("preview"))


def _name(issued: ServiceReport, texts: ReportTexts) -> str:
    title = _title(issued, texts)
    if (issued.edition or 1) == 1:
        return title
    return f"{title} · {texts.sentence('correction', edition=issued.edition)}"


def _facts(issued: ServiceReport, texts: ReportTexts) -> Iterator[tuple[str, str]]:
    """Yield what identifies the report, each with its name."""
    report = issued.report
    agreement = report.agreement
    kind = agreement.agreement_type.label(texts.language)
    edition = texts.sentence("edition_of", kind=kind, edition=agreement.edition)
    period = texts.sentence(
        "from_until",
        period=report.period,
        first=texts.day(report.from_at),
        last=texts.last_day(report.to_at),
        zone=report.tz,
    )
    as_of = texts.sentence("as_of", at=texts.moment(issued.computed_at), position=f"{issued.position:,}")
    yield texts.sentence("agreement"), f"{agreement.number} · {agreement.title}"
    yield texts.sentence("kind"), edition
    yield (
        texts.sentence(PARTY[agreement.agreement_type]),
        agreement.party or texts.sentence("all_customers"),
    )
    yield (
        texts.sentence("services"),
        joined((texts.record_name("service", key) or key for key in agreement.services), texts.language)
        or texts.sentence("all_services"),
    )
    yield texts.sentence("period"), period
    yield texts.sentence("state_of"), as_of
    if issued.issued_at is not None:
        issued_at = texts.moment(issued.issued_at)
        if issued.issued_by is None:
            issue = texts.sentence("by_rule", at=issued_at)
        else:
            issue = texts.sentence(
                "issued_by", at=issued_at, by=issued.issued_by.name or texts.sentence("erased")
            )
        yield texts.sentence("issued"), issue


def _met_of(report: ReportContent, texts: ReportTexts) -> str:
    decided = sum(target.verdict in SIGNS for target in report.targets)
    return texts.sentence("met_of", met=decided - len(report.improvement_needed), of=decided)


def _result(target: ReportTarget, report: ReportContent, texts: ReportTexts) -> Cells:
    return (
        target.id,
        _subject(target, report, texts),
        texts.agreed(target),
        strong(texts.figure(target.result, target.unit)),
        str(target.cases),
        _verdict(target.verdict, texts),
    )


def _subject(target: ReportTarget, report: ReportContent, texts: ReportTexts) -> str:
    """Return what the target is about, and the edition of one that the agreement has no more."""
    subject = texts.subject(target)
    if target.edition in (None, report.agreement.edition):
        return subject
    return texts.sentence("of_edition", subject=subject, edition=target.edition)


def _verdict(verdict: TargetVerdict, texts: ReportTexts) -> str:
    label = f"{SIGNS.get(verdict, '·')} {verdict.label(texts.language)}"
    return classed(label, f"verdict {verdict.value}")


def _details(issued: ServiceReport, texts: ReportTexts) -> Iterator[TargetDetails]:
    """Yield the details of each target that has some."""
    causes: Causes | None = None
    if issued.staff is not None:
        causes = {(cause.target, cause.case_id, cause.round): cause.cause for cause in issued.staff.causes}
    for target in issued.report.targets:
        details = TargetDetails(
            f"{target.id} · {_subject(target, issued.report, texts)}",
            trend_chart(target, issued.report.period, texts),
            _forecast(target, texts),
            _breaches(target, causes, texts),
            target.breaches_left_out,
        )
        if details.chart is not None or details.forecast is not None or details.breaches:
            yield details


def _forecast(target: ReportTarget, texts: ReportTexts) -> str | None:
    forecast = target.forecast
    if forecast is None:
        return None
    if forecast.result is None:
        return texts.sentence("nothing_yet", period=forecast.period)
    result = texts.figure(forecast.result, target.unit)
    code = "so_far" if target.met is not None else "so_far_figure"
    so_far = texts.sentence(code, period=forecast.period, result=result, cases=forecast.cases)
    if forecast.outlook is None:
        return so_far
    code = "outlook" if forecast.more_cases else "outlook_now"
    outlook = forecast.outlook.label(texts.language)
    return f"{so_far} {texts.sentence(code, outlook=outlook, more=forecast.more_cases)}"


def _breaches(target: ReportTarget, causes: Causes | None, texts: ReportTexts) -> list[Cells]:
    """Return a row for each breach, with its cause if causes are shown."""
    rows = []
    for breach in target.breaches:
        again = f" ({breach.round})" if breach.round > 1 else ""
        over = UNKNOWN
        if breach.elapsed_seconds is not None:
            over = texts.duration(breach.elapsed_seconds - breach.target_seconds)
        row: Cells = (
            classed(f"{breach.number or breach.case_id}{again}", "name"),
            breach.priority or UNKNOWN,
            texts.duration(breach.target_seconds),
            texts.moment(breach.breached_at),
            texts.sentence("still_open") if breach.stopped_at is None else over,
        )
        if causes is not None:
            row = (*row, _cause(causes.get((target.id, breach.case_id, breach.round)), texts))
        rows.append(row)
    return rows


def _cause(cause: str | None, texts: ReportTexts) -> str:
    if cause is None:
        return texts.sentence("no_cause")
    labels = {code.value: code.label(texts.language) for code in BreachCauseCode}
    return labels.get(cause, cause)


def _workload(report: ReportContent, texts: ReportTexts) -> list[Cells]:
    return [
        (
            texts.process(line.process),
            str(line.cases),
            line.expected or texts.sentence("nothing_agreed"),
            texts.sentence("above") if line.above else texts.sentence("within") if line.expected else UNKNOWN,
        )
        for line in report.workload
    ]


def _exclusion(exclusion: ReportExclusion, issued: ServiceReport, texts: ReportTexts) -> Cells:
    time = texts.moment(exclusion.at)
    if exclusion.ends_at is not None:
        time = f"{time} – {texts.moment(exclusion.ends_at)}"
    return (
        exclusion.what.label(texts.language),
        classed(exclusion.number or exclusion.record_id, "name"),
        _reason(exclusion, texts),
        time,
        _allowed_by(exclusion.by, issued, texts),
    )


def _reason(exclusion: ReportExclusion, texts: ReportTexts) -> str:
    reason = UNKNOWN
    if exclusion.reason is not None:
        reason = texts.label(f"reason_{exclusion.reason}", exclusion.reason)
    elif exclusion.what is ExclusionKind.case:
        reason = texts.sentence("reason_no_target")
    return f"{exclusion.target}: {reason}" if exclusion.target is not None else reason


def _allowed_by(actor: str | None, issued: ServiceReport, texts: ReportTexts) -> str:
    if actor is None:
        return UNKNOWN
    kind, _, name = actor.partition(":")
    if kind == "rule":
        return texts.sentence("rule", name=name.replace("_", " "))
    return issued.names[name] or texts.sentence("erased") if name in issued.names else actor


def _staff(staff: StaffContent, texts: ReportTexts) -> StaffDetails:
    cost = staff.cost
    amounts = {"agreed": cost.agreed, "work": cost.work, "spent": cost.spent}
    costs: list[Cells] = [
        (texts.sentence(f"cost_{code}"), texts.money(amount, cost.currency))
        for code, amount in amounts.items()
    ]
    actual = texts.money(cost.actual, cost.currency)
    costs.append((strong(texts.sentence("cost_actual")), strong(actual)))
    notes = []
    if cost.unrated_minutes:
        notes.append(texts.sentence("unrated", minutes=cost.unrated_minutes))
    if cost.other_currencies:
        notes.append(texts.sentence("other_currencies", n=cost.other_currencies))
    causes = [(count.target, _cause(count.cause, texts), str(count.cases)) for count in staff.cause_counts]
    return StaffDetails(
        costs, notes, causes, [_consequence(consequence, texts) for consequence in staff.consequences]
    )


def _consequence(consequence: ReportConsequence, texts: ReportTexts) -> Cells:
    """Return a consequence line by line: the result, the tier, and what comes of it."""
    tier, credit = texts.sentence("no_tier"), UNKNOWN
    if consequence.due:
        tier = texts.sentence("tier", below=consequence.below)
        credit = texts.money(consequence.amount, consequence.currency)
        if consequence.percent is not None and consequence.cost is not None:
            cost = texts.money(consequence.cost, consequence.currency)
            credit = f"{consequence.percent} % × {cost} = {credit}"
    return (
        consequence.target,
        consequence.kind.label(texts.language),
        consequence.result or UNKNOWN,
        tier,
        credit,
    )


def _released(issued: ServiceReport, texts: ReportTexts) -> list[Cells]:
    return [
        (
            release.target,
            release.kind.label(texts.language),
            texts.money(release.amount, release.currency),
            texts.moment(release.released_at),
            release.released_by.name or texts.sentence("erased") if release.released_by else UNKNOWN,
        )
        for release in issued.released
    ]


def _corrections(issued: ServiceReport, texts: ReportTexts) -> list[ChangedFigures]:
    return [
        ChangedFigures(
            texts.sentence("corrected_at", edition=edition.edition, at=texts.moment(edition.issued_at)),
            _changes(edition.changes, edition.staff_changes, issued.report, texts),
            edition.remarks,
        )
        for edition in issued.editions[1:]
    ]


def _recomputed(issued: ServiceReport, texts: ReportTexts) -> ChangedFigures | None:
    fresh = issued.recomputed
    if fresh is None:
        return None
    code, computed_at = "agrees" if fresh.same else "differs", texts.moment(fresh.computed_at)
    heading = texts.sentence(code, at=computed_at, position=f"{fresh.position:,}")
    return ChangedFigures(heading, _changes(fresh.changes, fresh.staff_changes, issued.report, texts))


def _changes(
    changes: Sequence[ReportChange] | None,
    staff_changes: Sequence[ReportChange] | None,
    report: ReportContent,
    texts: ReportTexts,
) -> list[Line]:
    return list(correction_lines([*(changes or ()), *(staff_changes or ())], report, texts))


def _signing_line(side: AgreementSide, name: str | None, report: ReportContent, texts: ReportTexts) -> str:
    """Return the line of one side: what the side is in this agreement, and who signs for it."""
    is_ours = side is AgreementSide.it
    party = texts.sentence("it" if is_ours else PARTY[report.agreement.agreement_type])
    return party if name is None else texts.sentence("signs_for", party=party, name=name)
