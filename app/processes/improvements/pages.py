"""The documents of improvements as pages fit to print on A4: the proposal, the report of a pilot, and the
hand-over, with the figures that they rest on (pure). What people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from app.foundation.documents.decided import decisions_on
from app.foundation.documents.page_parts import PageParts, paragraphs, short, span
from app.foundation.documents.pages import (
    PrintedPage,
    figure_of,
    head_of,
    running_head_of,
    sections_of,
    signatures_of,
    title_of,
)
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.licences.records import ExaminationTopic
from app.processes.improvements.children.records import FeedbackStance
from app.processes.improvements.printed import (
    PrintedImprovement,
    PrintedMeasurement,
    PrintedMeasurements,
    PrintedPilot,
    PrintedStep,
    PrintedTarget,
    PrintedTraining,
)

#: The table of the sentences on these pages.
TABLE = "improvement_page"
#: In a cell without a value.
EMPTY_CELL = "–"


def page_of(printed: PrintedImprovement, language: str) -> PrintedPage:
    """Return the page of the document."""
    page, document = PageParts(language, TABLE), printed.document
    parts = {
        DocumentClass.PP: _proposal,
        DocumentClass.PL: _pilot_report,
        DocumentClass.HO: _hand_over,
    }
    body = "\n".join(
        part
        for part in (
            head_of(document, language),
            parts.get(document.document_class, _text_only)(printed, page),
            decisions_on(printed.decisions, language, document.zone),
            signatures_of(printed.signatures, language, document.zone),
        )
        if part
    )
    return PrintedPage(title_of(document, language), body, running_head_of(document, language))


def _text_only(printed: PrintedImprovement, page: PageParts) -> str:
    return sections_of(printed.document, page.language)


def _proposal(printed: PrintedImprovement, page: PageParts) -> str:
    return sections_of(printed.document, page.language) + _target_kpis(printed.targets, page)


def _target_kpis(targets: Sequence[PrintedTarget], page: PageParts) -> str:
    """Return the target KPIs with their baselines and what was promised, and the chart of each."""
    rows = [
        (
            _named(one.name, one.baseline.kpi),
            span(one.baseline.window),
            escape(one.baseline.scope or page.sentence("all_cases")),
            _strong(one.baseline.value),
            str(one.baseline.cases),
            short(escape(one.promised or EMPTY_CELL)),
        )
        for one in targets
    ]
    if not rows:
        return ""
    table = page.table(("target", "window", "of_cases", "baseline", "cases", "promised"), rows)
    positions = ", ".join(f"{n:,}" for n in sorted({one.baseline.position for one in targets}))
    note = f'<p class="soft">{page.sentence("frozen", position=positions)}</p>'
    if any(not one.baseline.cases for one in targets):
        note += f'<p class="note">{page.sentence("no_case_before")}</p>'
    charts = "".join(
        f"<section>{_title_of(one.name, one.baseline.kpi)}{_judged(one, page)}"
        f"{figure_of(one.chart, page.language)}</section>"
        for one in targets
    )
    return page.section("target_kpis", table + note) + charts


def _judged(target: PrintedTarget, page: PageParts) -> str:
    if target.judged_by is None:
        return ""
    return f"<p><b>{page.sentence('judged_by')}</b></p>{paragraphs(target.judged_by)}"


def _pilot_report(printed: PrintedImprovement, page: PageParts) -> str:
    feedback = ""
    if printed.feedback is not None:
        counts = [(stance, printed.feedback.get(stance, 0)) for stance in FeedbackStance]
        said = "".join(f"<td>{page.label(stance)}: <b>{count}</b>" for stance, count in counts)
        feedback = f"<table><tr>{said}</table>"
    instead = {
        Heading.goals_met: _measured(printed.measured, page),
        Heading.reception: feedback,
    }
    headings = {one.heading for one in printed.document.sections}
    beside = "".join(
        f"<section><h2>{page.label(heading)}</h2>{html}</section>"
        for heading, html in instead.items()
        if html and heading not in headings
    )
    return (
        page.section("pilot", _pilot(printed.pilot, page, printed.document.zone))
        + sections_of(printed.document, page.language, instead=instead)
        + beside
        + page.section("issues", _issues(printed, page))
        + _drawings(printed.measured, page)
    )


def _hand_over(printed: PrintedImprovement, page: PageParts) -> str:
    measured = _measured(printed.measured, page)
    listed = {Heading.documents: _documents(printed, page)}
    headings = {one.heading for one in printed.document.sections}
    against = ""
    if printed.against_evidence and Heading.against_evidence not in headings:
        reason = paragraphs(printed.against_evidence_reason) or f"<p>{page.sentence('reason_erased')}</p>"
        against = f'<section class="note"><h2>{page.label(Heading.against_evidence)}</h2>{reason}</section>'
    sections = sections_of(
        printed.document,
        page.language,
        instead={Heading.pilot_result: measured},
        beneath=listed,
        marked={Heading.against_evidence, Heading.below_promise},
    )
    return "".join(
        (
            against,
            sections,
            "" if Heading.documents in headings else page.section("documents", listed[Heading.documents]),
            page.section("pilot", _pilot(printed.pilot, page, printed.document.zone)),
            page.section("rollout", _cutover(printed, page) + _steps(printed, page)),
            page.section("announcements", _announcements(printed, page)),
            page.section("trainings", "".join(_training(one, page) for one in printed.trainings)),
            "" if Heading.pilot_result in headings else page.section("measured_effect", measured),
            _drawings(printed.measured, page),
        )
    )


def _measured(measured: PrintedMeasurements | None, page: PageParts) -> str:
    """Return the table of the measured effects, and the log position that they were computed at."""
    if measured is None:
        return ""
    rows = [row for one in measured.targets for row in _effect_rows(one, page)]
    heads = ("target", "statistic", "before", "after", "effect", "promised", "verdict")
    code = "measured_round" if measured.pilot_round is not None else "measured_at"
    note = page.sentence(
        code,
        occasion=measured.occasion.label(page.language),
        round=measured.pilot_round,
        position=f"{measured.position:,}",
    )
    return "".join(
        (
            page.table(heads, rows),
            f'<p class="soft">{note}</p>',
            _looks(measured, page),
            page.table(
                ("target", "of_cases", "window_before", "window_after", "compared_with", "method", "goal"),
                [_how(one, page) for one in measured.targets if one.windows is not None],
            ),
        )
    )


def _effect_rows(one: PrintedMeasurement, page: PageParts) -> list[tuple[str, ...]]:
    """Return the row of a target's effect, and beneath it that of the cases it is compared with."""
    interval = ""
    if one.interval is not None:
        level = "" if one.level is None else f"{page.sentence('interval_level', level=one.level)} "
        interval = f"<br><small>{level}{span(one.interval)}</small>"
    statistic = EMPTY_CELL if one.statistic is None else page.label(one.statistic)
    promise = "" if one.promise is None else f"<br><small>{page.label(one.promise)}</small>"
    effect = (
        _named(one.name, one.kpi),
        statistic,
        _with_cases(one.before, one.cases[0]),
        _with_cases(one.after, one.cases[1]),
        _strong(one.effect) + interval,
        short(escape(one.promised or EMPTY_CELL)) + promise,
        f"<b>{short(page.label(one.verdict))}</b>",
    )
    if one.control_values is None:
        return [effect]
    values = (_with_cases(*pair) for pair in zip(one.control_values, one.control_cases, strict=True))
    control = f"{page.sentence('control')}<br><small>{escape(one.name)}</small>"
    return [effect, (control, statistic, *values, EMPTY_CELL, EMPTY_CELL, EMPTY_CELL)]


def _with_cases(value: str | None, cases: int) -> str:
    return f"{short(escape(value or EMPTY_CELL))} <small>({cases})</small>"


def _looks(measured: PrintedMeasurements, page: PageParts) -> str:
    """Return how often it was measured, and whether that was before the agreed end."""
    if measured.times is None or measured.until_at is None:
        return ""
    said = page.sentence("measured_times", times=measured.times)
    agreed = measured.agreed_until_at
    if agreed is not None and measured.until_at < agreed:
        days = {"until": f"{measured.until_at:%Y-%m-%d}", "agreed": f"{agreed:%Y-%m-%d}"}
        said += f" {page.sentence('measured_early', **days)}"
    return f"<p>{said}</p>"


def _how(one: PrintedMeasurement, page: PageParts) -> tuple[str, ...]:
    """Return how the effect was measured: of which cases, in which windows, against whom, and what of them
    was compared.
    """
    assert one.windows is not None
    control = page.sentence("nobody") if one.control is None else escape(one.control)
    return (
        _named(one.name, one.kpi),
        escape(one.scope or page.sentence("all_cases")),
        span(one.windows[0]),
        span(one.windows[1]),
        control,
        EMPTY_CELL if one.method is None else page.label(one.method),
        _goal(one, page),
    )


def _goal(one: PrintedMeasurement, page: PageParts) -> str:
    """Return what is aimed at, the change, and whether it is as much."""
    if one.goal is None:
        return EMPTY_CELL
    met = {None: "goal_unknown", True: "goal_met", False: "goal_missed"}[one.goal_met]
    change = EMPTY_CELL if one.change is None else f"{100 * float(one.change):.3g} %"
    return page.sentence(met, goal=f"{100 * float(one.goal):.3g} %", change=change)


def _pilot(pilot: PrintedPilot | None, page: PageParts, zone: ZoneInfo) -> str:
    """Return the pilot: its cases, its dates, whom it is compared with, and what was ready."""
    if pilot is None:
        return ""
    begins, ends = (None if one is None else _day(one, zone) for one in pilot.agreed)
    kicked_off = None if pilot.kicked_off_at is None else _day(pilot.kicked_off_at, zone)
    if kicked_off is not None and pilot.kicked_off_by is not None:
        kicked_off += f", {escape(pilot.kicked_off_by)}"
    facts = (
        ("of_cases", escape(pilot.scope or page.sentence("all_cases"))),
        ("compared_with", page.sentence("all_others") if pilot.control is None else escape(pilot.control)),
        ("agreed", None if begins is None or ends is None else f"{begins} – {ends}"),
        ("started", None if pilot.started_at is None else _day(pilot.started_at, zone)),
        ("kicked_off", kicked_off),
        ("executor", None if pilot.executor is None else escape(pilot.executor)),
        *((code, paragraphs(text)) for code, text in pilot.readiness),
    )
    return page.facts(facts) + "".join(_training(one, page) for one in pilot.trainings)


def _training(training: PrintedTraining, page: PageParts) -> str:
    """Return who took part in the training, with their marks and whether they have passed."""
    topics = [one for one in ExaminationTopic if any(one.value in marks for _, marks, _ in training.results)]
    head = "".join(f"<th>{page.label(topic)}" for topic in topics)
    rows = "".join(
        f"<tr><td>{escape(name or EMPTY_CELL)}"
        + "".join(f"<td>{marks.get(topic.value, EMPTY_CELL)}" for topic in topics)
        + f"<td>{page.sentence({None: 'not_examined', True: 'passed', False: 'not_passed'}[passed])}"
        for name, marks, passed in training.results
    )
    mark = (
        ""
        if training.pass_mark is None
        else f" <small>{page.sentence('pass_mark', mark=training.pass_mark)}</small>"
    )
    title = f"<h3>{short(escape(training.number))} {escape(training.title)}{mark}</h3>"
    if not rows:
        return title
    heads = f"<th>{page.sentence('person')}{head}<th>{page.sentence('result')}"
    table = f"<thead><tr>{heads}</thead><tbody>{rows}</tbody>"
    return f'{title}<div class="scroll" tabindex="0"><table>{table}</table></div>'


def _cutover(printed: PrintedImprovement, page: PageParts) -> str:
    at, share = printed.cutover or (None, None)
    if at is None:
        return ""
    day = f"{at.astimezone(printed.document.zone):%Y-%m-%d}"
    return f"<p>{page.sentence('cut_over', day=day, share=share or 0)}</p>"


def _announcements(printed: PrintedImprovement, page: PageParts) -> str:
    rows = [
        (
            escape(one.medium),
            EMPTY_CELL if one.announced_at is None else _day(one.announced_at, printed.document.zone),
            EMPTY_CELL if one.reach is None else str(one.reach),
        )
        for one in printed.announcements
    ]
    return page.table(("medium", "announced", "reach"), rows)


def _drawings(measured: PrintedMeasurements | None, page: PageParts) -> str:
    """Return the drawings of each measured effect, beneath its sentence."""
    if measured is None:
        return ""
    drawn = "".join(
        f"<section>{_title_of(one.name, one.kpi)}<p>{escape(one.sentence)}</p>"
        f"{_figure(one.figure, page)}{figure_of(one.chart, page.language)}</section>"
        for one in measured.targets
    )
    return page.section("drawings", f'{drawn}<p class="soft">{page.sentence("chart_of_now")}</p>')


def _figure(drawing: str | None, page: PageParts) -> str:
    return "" if drawing is None else figure_of(drawing, page.language)


def _issues(printed: PrintedImprovement, page: PageParts) -> str:
    rows = [
        (
            f"{escape(one.title)}{_small(one.text)}",
            escape(one.solution or EMPTY_CELL),
            short(page.sentence("open"))
            if one.solved_at is None
            else _day(one.solved_at, printed.document.zone),
        )
        for one in printed.issues
    ]
    return page.table(("issue", "solution", "solved"), rows)


def _steps(printed: PrintedImprovement, page: PageParts) -> str:
    zone = printed.document.zone
    rows = [
        (
            f"{one.place} · {page.label(one.step)}",
            escape(one.owner or EMPTY_CELL),
            EMPTY_CELL if one.due_at is None else _day(one.due_at, zone),
            short(page.sentence("open")) if one.completed_at is None else _day(one.completed_at, zone),
            _evidence(one, page, zone),
        )
        for one in sorted(printed.steps, key=lambda one: one.place)
    ]
    return page.table(("step", "owner", "due", "completed", "evidence"), rows)


def _evidence(step: PrintedStep, page: PageParts, zone: ZoneInfo) -> str:
    said = paragraphs(step.evidence)
    if step.evidence_numbers:
        said += f"<p>{escape(', '.join(step.evidence_numbers))}</p>"
    if step.effective_at is not None:
        said += f"<p><b>{page.sentence('effective')}</b> {_day(step.effective_at, zone)}</p>"
    for code, text in step.texts:
        said += f"<p><b>{page.sentence(code)}</b></p>{paragraphs(text)}"
    if step.order_reason is not None:
        said += f"<p><b>{page.sentence('out_of_order')}</b> {escape(step.order_reason)}</p>"
    return said or EMPTY_CELL


def _documents(printed: PrintedImprovement, page: PageParts) -> str:
    rows = [
        (
            short(escape(one.number or "")),
            EMPTY_CELL if one.document_class is None else short(page.label(one.document_class)),
            escape(one.title or ""),
            str(one.edition or 1),
            EMPTY_CELL if one.state is None else short(page.label(one.state)),
        )
        for one in printed.documents
    ]
    return page.table(("number", "document_class", "title", "edition", "state"), rows)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return short(f"{at.astimezone(zone):%Y-%m-%d}")


def _title_of(name: str, kpi: str) -> str:
    return f"<h3>{escape(kpi)} <small>{escape(name)}</small></h3>"


def _named(name: str, kpi: str) -> str:
    return f"{escape(kpi)}<br><small>{escape(name)}</small>"


def _strong(value: str | None) -> str:
    return EMPTY_CELL if value is None else f"<b>{short(escape(value))}</b>"


def _small(text: str | None) -> str:
    return "" if text is None else f"<br><small>{escape(text)}</small>"
