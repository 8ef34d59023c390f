"""The service report as a page that prints on A4: HTML without scripts, in English or Chinese (pure). All
that people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.clocks import AgreementType
from app.service_reports.content import (
    ExclusionKind,
    ReportChange,
    ReportContent,
    ReportExclusion,
    ReportTarget,
    StaffContent,
    TargetVerdict,
)
from app.service_reports.corrections import correction_lines
from app.service_reports.drawing import trend_chart
from app.service_reports.queries import ReportEdition, ServiceReport
from app.service_reports.texts import UNKNOWN, ReportTexts
from app.ticketing.records import BreachCauseCode

STYLE = "/static/report.css"
Cell = str
PARTY = {
    AgreementType.sla: "customer",
    AgreementType.ola: "team",
    AgreementType.uc: "supplier",
}


def document(shown: ServiceReport, language: str) -> str:
    """Return the page."""
    texts = ReportTexts(language, ZoneInfo(shown.report.tz))
    title = texts.sentence("title", number=shown.number or texts.sentence("preview"))
    sections = (
        _heading(shown, texts),
        _summary(shown, texts),
        _details(shown, texts),
        _workload(shown, texts),
        _exclusions(shown, texts),
        "" if shown.staff is None else _staff(shown.staff, texts),
        _released(shown, texts),
        _corrections(shown, texts),
        _recomputed(shown, texts),
        _signatures(shown, texts),
    )
    body = "\n".join(section for section in sections if section)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} · Ledgerdesk</title>\n"
        f'<link rel="icon" href="data:,">\n<link rel="stylesheet" href="{STYLE}">\n'
        f"<main>\n{body}\n</main>\n</html>\n"
    )


def _heading(shown: ServiceReport, texts: ReportTexts) -> str:
    report = shown.report
    agreement = report.agreement
    party = agreement.party or texts.sentence("all_customers")
    facts = [
        (texts.sentence("agreement"), f"{agreement.number} · {agreement.title}"),
        (
            texts.sentence("kind"),
            texts.sentence(
                "edition_of",
                kind=agreement.agreement_type.label(texts.language),
                edition=agreement.edition,
            ),
        ),
        (texts.sentence(PARTY[agreement.agreement_type]), party),
        (texts.sentence("services"), ", ".join(agreement.services) or texts.sentence("all_services")),
        (
            texts.sentence("period"),
            texts.sentence(
                "from_until",
                period=report.period,
                first=texts.day(report.from_at),
                last=texts.last_day(report.to_at),
                zone=report.tz,
            ),
        ),
        (
            texts.sentence("state_of"),
            texts.sentence("as_of", at=texts.moment(shown.computed_at), position=f"{shown.position:,}"),
        ),
    ]
    if shown.issued_at is not None:
        by = (
            shown.issued_by.name or texts.sentence("erased") if shown.issued_by else texts.sentence("by_rule")
        )
        facts.append(
            (texts.sentence("issued"), texts.sentence("issued_by", at=texts.moment(shown.issued_at), by=by))
        )
    name = texts.sentence("title", number=shown.number or texts.sentence("preview"))
    if (shown.edition or 1) > 1:
        name += " · " + texts.sentence("correction", edition=shown.edition)
    remarks = "" if shown.remarks is None else f'<p class="remarks">{_lines(shown.remarks)}</p>'
    running = "" if report.over else f'<p class="note">{escape(texts.sentence("runs"))}</p>'
    late = ""
    if report.signed_at is not None:
        said = texts.sentence("signed_later", at=texts.moment(report.signed_at))
        late = f'<p class="note">{escape(said)}</p>'
    return f"<header><h1>{escape(name)}</h1>{_facts(facts)}{running}{late}{remarks}</header>"


def _summary(shown: ServiceReport, texts: ReportTexts) -> str:
    report = shown.report
    missed = len(report.improvement_needed)
    decided = sum(one.verdict in (TargetVerdict.met, TargetVerdict.missed) for one in report.targets)
    said = texts.sentence("met_of", met=decided - missed, of=decided)
    rows = [
        (
            escape(target.id),
            escape(_subject(target, report, texts)),
            escape(texts.agreed(target)),
            f"<b>{escape(texts.figure(target.result, target.unit))}</b>",
            str(target.cases),
            _verdict(target.verdict, texts),
        )
        for target in report.targets
    ]
    columns = ("target", "subject", "agreed", "result", "cases", "verdict")
    plans = ""
    if missed:
        named = ", ".join(report.improvement_needed)
        plans = f'<p class="note">{escape(texts.sentence("needs_plan", targets=named))}</p>'
    earlier = ""
    if report.earlier_cases:  # only reports of before have some: now each such target has a line
        earlier = f'<p class="soft">{escape(texts.sentence("earlier_cases", cases=report.earlier_cases))}</p>'
    table = _table(texts, "results", columns, rows, numbers=(3, 4), stacked=True)
    heading = f"<h2>{escape(texts.sentence('results'))}</h2><p>{escape(said)}</p>"
    return f"<section>{heading}{table}{plans}{earlier}</section>"


def _subject(target: ReportTarget, report: ReportContent, texts: ReportTexts) -> str:
    """Return what the target is about, and the edition of one that the agreement has no more."""
    subject = texts.subject(target)
    if target.edition in (None, report.agreement.edition):
        return subject
    return texts.sentence("of_edition", subject=subject, edition=target.edition)


def _verdict(verdict: TargetVerdict, texts: ReportTexts) -> str:
    sign = {TargetVerdict.met: "✓", TargetVerdict.missed: "◆"}.get(verdict, "·")
    return f'<span class="verdict {verdict.value}">{sign} {escape(verdict.label(texts.language))}</span>'


def _details(shown: ServiceReport, texts: ReportTexts) -> str:
    """Return, target by target, the trend, the forecast and the breaches."""
    causes = (
        {}
        if shown.staff is None
        else {(one.target, one.case_id, one.round): one.cause for one in shown.staff.causes}
    )
    parts = []
    for target in shown.report.targets:
        chart = trend_chart(target, shown.report.period, texts)
        name = escape(f"{target.id} · {_subject(target, shown.report, texts)}")
        inside = [
            _scrolling(name, chart) if chart else "",
            _forecast(target, texts),
            _breaches(target, causes, texts, staff=shown.staff is not None),
        ]
        if any(inside):
            parts.append(f'<section class="target"><h3>{name}</h3>{"".join(inside)}</section>')
    return "" if not parts else f"<h2>{escape(texts.sentence('details'))}</h2>{''.join(parts)}"


def _forecast(target: ReportTarget, texts: ReportTexts) -> str:
    found = target.forecast
    if found is None:
        return ""
    if found.result is None:
        return f"<p>{escape(texts.sentence('nothing_yet', period=found.period))}</p>"
    result = texts.figure(found.result, target.unit)
    code = "so_far" if target.met is not None else "so_far_figure"
    said = texts.sentence(code, period=found.period, result=result, cases=found.cases)
    if found.outlook is not None:
        outlook = found.outlook.label(texts.language)
        code = "outlook" if found.more_cases else "outlook_now"
        said += " " + texts.sentence(code, outlook=outlook, more=found.more_cases)
    return f"<p>{escape(said)}</p>"


def _breaches(
    target: ReportTarget,
    causes: Mapping[tuple[str, UUID, int], str | None],
    texts: ReportTexts,
    *,
    staff: bool,
) -> str:
    if not target.breaches:
        return ""
    rows = []
    for one in target.breaches:
        again = f" ({one.round})" if one.round > 1 else ""
        over = UNKNOWN
        if one.elapsed_seconds is not None:
            over = texts.duration(one.elapsed_seconds - one.target_seconds)
        row = [
            _name(f"{one.number or one.case_id}{again}"),
            escape(one.priority or UNKNOWN),
            escape(texts.duration(one.target_seconds)),
            escape(texts.moment(one.breached_at)),
            escape(texts.sentence("still_open") if one.stopped_at is None else over),
        ]
        if staff:
            cause = causes.get((target.id, one.case_id, one.round))
            row.append(escape(_cause(cause, texts)))
        rows.append(row)
    columns = ("case", "priority", "limit", "breached", "over", *(["cause"] if staff else []))
    more = ""
    if target.breaches_left_out > 0:
        more = f'<p class="soft">{escape(texts.sentence("more", n=target.breaches_left_out))}</p>'
    return _table(texts, "breaches", columns, rows) + more


def _cause(cause: str | None, texts: ReportTexts) -> str:
    if cause is None:
        return texts.sentence("no_cause")
    known = {code.value: code.label(texts.language) for code in BreachCauseCode}
    return known.get(cause, cause)


def _workload(shown: ServiceReport, texts: ReportTexts) -> str:
    if not shown.report.workload:
        return ""
    rows = [
        (
            escape(texts.process(one.process)),
            str(one.cases),
            escape(one.expected or texts.sentence("nothing_agreed")),
            escape(
                texts.sentence("above")
                if one.above
                else texts.sentence("within")
                if one.expected
                else UNKNOWN
            ),
        )
        for one in shown.report.workload
    ]
    table = _table(texts, "workload", ("process", "cases", "expected", "compared"), rows, numbers=(1, 2))
    above = ""
    if any(one.above for one in shown.report.workload) and shown.report.workload_above is not None:
        above = f"<p>{escape(texts.sentence('workload_above'))} {_lines(shown.report.workload_above)}</p>"
    return f"<section><h2>{escape(texts.sentence('workload'))}</h2>{table}{above}</section>"


def _exclusions(shown: ServiceReport, texts: ReportTexts) -> str:
    report = shown.report
    heading = f"<h2>{escape(texts.sentence('exclusions'))}</h2>"
    if not report.exclusions:
        return f"<section>{heading}<p>{escape(texts.sentence('no_exclusions'))}</p></section>"
    rows = [
        (
            escape(one.what.label(texts.language)),
            _name(one.number or str(one.record_id)),
            escape(_reason(one, texts)),
            escape(_exclusion_time(one, texts)),
            escape(_allowed_by(one.by, shown, texts)),
        )
        for one in report.exclusions
    ]
    columns = ("left_out", "case", "reason", "when", "allowed_by")
    more = ""
    if report.exclusions_left_out:
        more = f'<p class="soft">{escape(texts.sentence("more", n=report.exclusions_left_out))}</p>'
    return f"<section>{heading}{_table(texts, 'exclusions', columns, rows)}{more}</section>"


def _reason(one: ReportExclusion, texts: ReportTexts) -> str:
    said = UNKNOWN if one.reason is None else texts.label(f"reason_{one.reason}", one.reason)
    if one.what is ExclusionKind.case and one.reason is None:
        said = texts.sentence("reason_no_target")
    return f"{one.target}: {said}" if one.target is not None else said


def _exclusion_time(one: ReportExclusion, texts: ReportTexts) -> str:
    return (
        texts.moment(one.at)
        if one.ends_at is None
        else f"{texts.moment(one.at)} – {texts.moment(one.ends_at)}"
    )


def _allowed_by(by: str | None, shown: ServiceReport, texts: ReportTexts) -> str:
    if by is None:
        return UNKNOWN
    who, _, name = by.partition(":")
    if who == "rule":
        return texts.sentence("rule", name=name.replace("_", " "))
    return shown.names[name] or texts.sentence("erased") if name in shown.names else by


def _staff(staff: StaffContent, texts: ReportTexts) -> str:
    cost = staff.cost
    rows = [
        (escape(texts.sentence("cost_agreed")), escape(texts.money(cost.agreed, cost.currency))),
        (escape(texts.sentence("cost_work")), escape(texts.money(cost.work, cost.currency))),
        (escape(texts.sentence("cost_spent")), escape(texts.money(cost.spent, cost.currency))),
        (
            f"<b>{escape(texts.sentence('cost_actual'))}</b>",
            f"<b>{escape(texts.money(cost.actual, cost.currency))}</b>",
        ),
    ]
    notes = []
    if cost.unrated_minutes:
        notes.append(texts.sentence("unrated", minutes=cost.unrated_minutes))
    if cost.other_currencies:
        notes.append(texts.sentence("other_currencies", n=cost.other_currencies))
    said = "".join(f'<p class="soft">{escape(note)}</p>' for note in notes)
    counts = [
        (escape(one.target), escape(_cause(one.cause, texts)), str(one.cases)) for one in staff.cause_counts
    ]
    causes = ""
    if counts:
        causes = _table(texts, "causes", ("target", "cause", "cases"), counts, numbers=(2,))
        causes = f"<h3>{escape(texts.sentence('causes'))}</h3>{causes}"
    return (
        f'<section class="staff"><h2>{escape(texts.sentence("for_staff"))}</h2>'
        f"<h3>{escape(texts.sentence('cost'))}</h3>"
        f"{_table(texts, 'cost', ('item', 'amount'), rows, numbers=(1,))}{said}{causes}"
        f"{_consequences(staff, texts)}</section>"
    )


def _consequences(staff: StaffContent, texts: ReportTexts) -> str:
    """Return the consequences, line by line: the result, the tier, and what comes of it."""
    if not staff.consequences:
        return ""
    rows = []
    for one in staff.consequences:
        tier, worked_out = texts.sentence("no_tier"), UNKNOWN
        if one.due:
            tier = texts.sentence("tier", below=one.below)
            worked_out = texts.money(one.amount, one.currency)
            if one.percent is not None and one.cost is not None:
                cost = texts.money(one.cost, one.currency)
                worked_out = f"{one.percent} % × {cost} = {worked_out}"
        rows.append(
            (
                escape(one.target),
                escape(one.kind.label(texts.language)),
                escape(one.result or UNKNOWN),
                escape(tier),
                escape(worked_out),
            )
        )
    columns = ("target", "consequence", "result", "tier_head", "amount")
    note = f'<p class="soft">{escape(texts.sentence("proposed"))}</p>'
    table = _table(texts, "consequences", columns, rows, numbers=(2, 4))
    return f"<h3>{escape(texts.sentence('consequences'))}</h3>{table}{note}"


def _released(shown: ServiceReport, texts: ReportTexts) -> str:
    if not shown.released:
        return ""
    rows = [
        (
            escape(one.target),
            escape(one.kind.label(texts.language)),
            escape(texts.money(one.amount, one.currency)),
            escape(texts.moment(one.released_at)),
            escape(one.released_by.name or texts.sentence("erased") if one.released_by else UNKNOWN),
        )
        for one in shown.released
    ]
    columns = ("target", "consequence", "amount", "when", "released_by")
    table = _table(texts, "released", columns, rows, numbers=(2,))
    return f"<section><h2>{escape(texts.sentence('released'))}</h2>{table}</section>"


def _corrections(shown: ServiceReport, texts: ReportTexts) -> str:
    parts = []
    for one in shown.editions[1:]:
        changes = [*(one.changes or ()), *(one.staff_changes or ())]
        heading = texts.sentence("corrected_at", edition=one.edition, at=texts.moment(one.issued_at))
        parts.append(f"<h3>{escape(heading)}</h3>{_remark(one)}{_changes(changes, shown.report, texts)}")
    if not parts:
        return ""
    return f"<section><h2>{escape(texts.sentence('corrections'))}</h2>{''.join(parts)}</section>"


def _remark(one: ReportEdition) -> str:
    return "" if one.remarks is None else f"<p>{_lines(one.remarks)}</p>"


def _changes(changes: Sequence[ReportChange], report: ReportContent, texts: ReportTexts) -> str:
    lines = correction_lines(changes, report, texts)
    rows = [tuple(escape(part) for part in line) for line in lines]
    return _table(texts, "changes", ("figure", "before", "after"), rows) if rows else ""


def _recomputed(shown: ServiceReport, texts: ReportTexts) -> str:
    found = shown.recomputed
    if found is None:
        return ""
    code = "agrees" if found.same else "differs"
    said = texts.sentence(code, at=texts.moment(found.computed_at), position=f"{found.position:,}")
    changes = _changes([*found.changes, *(found.staff_changes or ())], shown.report, texts)
    return f"<section><h2>{escape(texts.sentence('recomputed'))}</h2><p>{escape(said)}</p>{changes}</section>"


def _signatures(shown: ServiceReport, texts: ReportTexts) -> str:
    if shown.number is None:
        return ""
    party = texts.sentence(PARTY[shown.report.agreement.agreement_type])
    lines = "".join(f"<div><span>{escape(who)}</span></div>" for who in (texts.sentence("it"), party))
    return f'<section class="signatures">{lines}</section>'


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>{rows}</dl>"


def _table(
    texts: ReportTexts,
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    numbers: Sequence[int] = (),
    *,
    stacked: bool = False,
) -> str:
    """Return a table; its cells are HTML. `numbers` are the columns that are set to the right. On a phone the
    rows of a `stacked` one are blocks, in which each cell names its column: nothing lies outside the screen.
    """
    kind = [' class="number"' if n in numbers else "" for n in range(len(columns))]
    names = [escape(texts.sentence(f"column_{name}")) for name in columns]
    head = "".join(f'<th scope="col"{of}>{name}</th>' for name, of in zip(names, kind, strict=True))
    labels = [f' data-label="{name}"' if stacked else "" for name in names]
    body = "".join(
        "<tr>"
        + "".join(f"<td{of}{label}>{cell}</td>" for cell, of, label in zip(row, kind, labels, strict=True))
        + "</tr>"
        for row in rows
    )
    named = escape(texts.sentence(caption))
    named_caption = f'<caption class="hidden">{named}</caption>'
    of = ' class="stacked"' if stacked else ""
    table = f"<table{of}>{named_caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _scrolling(named, table)


def _scrolling(name: str, html: str) -> str:
    """Return what is wider than a phone's screen in a box of its own, which the keyboard scrolls as well."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">{html}</div>'


def _name(number: str) -> Cell:
    return f'<span class="name">{escape(number)}</span>'


def _lines(content: str) -> str:
    return escape(content).replace("\n", "<br>")
