"""The mail of a summary: its subject, and the same as text and as HTML (pure)."""

from __future__ import annotations

from app.html.templates import render
from app.html.wording import Wording
from app.summaries.contents import SummaryContents
from app.summaries.schedule import Schedule

#: The table of the sentences of summaries, and that of the pages that show the same.
TABLE, PAGES = "summary", "dashboard"
TIME_FORMAT = "%Y-%m-%d %H:%M"


def subject(contents: SummaryContents, wording: Wording) -> str:
    """Return the subject: how much needs attention, and of which selection."""
    parts = [counts(contents, wording), contents.selection.name]
    return " · ".join(part for part in parts if part)


def counts(contents: SummaryContents, wording: Wording) -> str:
    """Return how much needs attention."""
    if not contents.total:
        return wording.sentence(f"{PAGES}.nothing")
    code = "attention_urgent" if contents.urgent else "attention"
    return wording.sentence(f"{PAGES}.{code}", n=contents.total, urgent=contents.urgent)


def schedule_words(schedule: Schedule, wording: Wording) -> str:
    """Return when the summary is sent, with its zone."""
    return wording.sentence(
        f"sent_each_{schedule.cadence}",
        time=schedule.time_of_day.strftime("%H:%M"),
        zone=schedule.zone.key,
        weekday="" if schedule.weekday is None else wording.label(schedule.weekday),
        day=schedule.day_of_month or "",
    )


def selection_words(contents: SummaryContents, wording: Wording) -> str:
    """Return what the summary is of."""
    selection = contents.selection
    if selection.is_gone:
        return wording.sentence("selection_gone")
    return wording.sentence("of_selection" if selection.name else "of_everything", name=selection.name)


def trust(contents: SummaryContents, wording: Wording) -> str:
    """Return how far the figures reach, and when they were read."""
    lag = contents.lag_seconds
    read_at = contents.read_at.astimezone(contents.schedule.zone)
    return " · ".join(
        (
            wording.sentence(f"{PAGES}.position", position=f"{contents.position:,}"),
            wording.sentence(f"{PAGES}.lag", seconds=round(lag))
            if lag >= 1
            else wording.sentence(f"{PAGES}.no_lag"),
            wording.sentence("read_at", time=read_at.strftime(TIME_FORMAT), zone=read_at.tzinfo),
        )
    )


def mail_html(contents: SummaryContents, wording: Wording) -> str:
    """Return the summary as HTML that needs neither a style nor a picture."""
    return render(
        "summaries/mail.html",
        wording,
        contents=contents,
        counts=counts(contents, wording),
        selection_words=selection_words(contents, wording),
        trust=trust(contents, wording),
        sent_each=schedule_words(contents.schedule, wording),
    )


def mail_text(contents: SummaryContents, wording: Wording) -> str:
    """Return the summary as text: paragraphs with an empty line between them."""
    paragraphs = [f"{counts(contents, wording)}\n{selection_words(contents, wording)}"]
    for group in contents.groups:
        lines = [group.heading]
        for sentence in group.sentences:
            lines.append(f"- {sentence.text}" + (f" ({sentence.owner})" if sentence.owner else ""))
            lines += [f"  {sentence.address}"] if sentence.address else []
        paragraphs.append("\n".join(lines))
    if contents.left_off:
        paragraphs.append(wording.sentence(f"{PAGES}.more_sentences", n=contents.left_off))
    if contents.omitted:
        paragraphs.append(wording.sentence(f"{PAGES}.omitted", n=contents.omitted))
    if contents.good:
        good = [wording.sentence(f"{PAGES}.good"), *(f"- {text}" for text in contents.good)]
        paragraphs.append("\n".join(good))
    if contents.figures:
        paragraphs.append(_figures(contents, wording))
    paragraphs.append(trust(contents, wording))
    if contents.page_address:
        paragraphs.append(f"{wording.sentence('open_page')}\n{contents.page_address}")
    footer = ["-- ", wording.sentence("automatic"), schedule_words(contents.schedule, wording)]
    if contents.settings_address:
        footer += [wording.sentence("stop"), contents.settings_address]
    return "\n\n".join([*paragraphs, "\n".join(footer)]) + "\n"


def _figures(contents: SummaryContents, wording: Wording) -> str:
    """Return the figures, each by itself with a line of what is judged of it."""
    lines = [wording.sentence("figures", period=contents.period)]
    for figure in contents.figures:
        judged = {"target": figure.target, "change": figure.change, "as_it_runs": figure.as_it_runs}
        lines.append("- " + _line(wording, figure.name, figure.value))
        lines.append(
            "  "
            + " · ".join(
                _line(wording, wording.sentence(f"{PAGES}.{code}"), words) for code, words in judged.items()
            )
        )
    return "\n".join(lines)


def _line(wording: Wording, label: str, words: str) -> str:
    return wording.sentence("notice_part.line", label=label, value=words)
