"""An audit as a page that prints on A4: HTML without scripts, in English or Chinese (pure). It leaves out
points, and the people who answer for findings, because the page goes from hand to hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.api.records.columns import instant_of
from app.foundation.documents.pages import SignatureLine
from app.governance.audits.records import Audit, AuditState, DesignFaultKind, IrregularityRule, SelfCheckItem
from app.html.filters import day, moment, short
from app.html.templates import render
from app.html.wording import Wording

TEMPLATE = "governance/audits/report.html"
TABLE = "audit_page"
#: So many cases of one rule are named.
MOST_NAMED = 20
COMMA = Markup(", ")


@dataclass(frozen=True, slots=True)
class PrintedDraw:
    """A draw, the numbers of the cases that were drawn, and those that each rule has found irregular, by the
    rule and the step that it is about.
    """

    draw: Mapping[str, Any]
    cases: Sequence[str]
    irregular: Mapping[tuple[IrregularityRule, str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class PrintedAudit:
    """Content of the printed report of an audit. `audit` is the record as the reader may see it, `findings`
    are only those that the reader may see, and `process` is the process in words.
    """

    record: Audit
    audit: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    draws: Sequence[PrintedDraw]
    findings: Sequence[Any]
    process: str
    zone: ZoneInfo
    signatures: Sequence[SignatureLine]


def page_of(printed: PrintedAudit, language: str) -> str:
    """Return the page of the audit."""
    wording, audit = Wording(language, TABLE), printed.audit
    lacking = [wording.label(SelfCheckItem(item)) for item in audit["incomplete_items"] or ()]
    return render(
        TEMPLATE,
        wording,
        title=wording.sentence("title", number=audit["number"]),
        audit=audit,
        signatures=printed.signatures,
        zone=printed.zone,
        head=list(_head(printed, wording)),
        counts=list(_counts(audit)),
        entries=[
            (
                wording.label(SelfCheckItem(entry["item"])),
                "" if entry["fault"] is None else wording.label(DesignFaultKind(entry["fault"])),
                entry["text"] or "",
                entry["about"] or "",
            )
            for entry in printed.entries
        ],
        lacking=", ".join(lacking),
        draws=[_draw(drawn, printed.zone, wording) for drawn in printed.draws],
        findings=[
            (
                finding.number,
                finding.title,
                wording.label(finding.kind),
                wording.label(finding.severity),
                wording.label(finding.state),
                day(finding.due_at, printed.zone),
            )
            for finding in printed.findings
        ],
    )


def _head(printed: PrintedAudit, wording: Wording) -> Iterable[tuple[str, str]]:
    audit, zone = printed.audit, printed.zone
    yield "month", audit["month"]
    yield "team", (audit["team"] or {}).get("name") or ""
    yield "process", printed.process
    yield "state", wording.label(AuditState(audit["state"]))
    for name in ("head", "self_checked_by", "summarised_by"):
        yield name, (audit[name] or {}).get("name") or ""
    for name in ("submitted_at", "confirmed_at", "countersigned_at", "concluded_at"):
        yield name, moment(getattr(printed.record, name), zone)


def _counts(audit: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in ("runs", "log_runs", "log_irregular"):
        yield name, "" if audit[name] is None else f"{audit[name]:,}"


def _draw(printed: PrintedDraw, zone: ZoneInfo, wording: Wording) -> Mapping[str, Any]:
    draw = printed.draw
    lacking = [wording.label(SelfCheckItem(item)) for item in draw["incomplete_items"]]
    return {
        "seed_source": _seed_source(draw),
        "said": [
            ("drawn_at", moment(instant_of(draw["drawn_at"]), zone)),
            ("seed", str(draw["seed"])),
            ("size", f"{len(printed.cases):,} / {draw['population']:,}"),
            ("position", str(draw["position"])),
            ("path_source", _source(draw, wording)),
            ("lacking", ", ".join(lacking)),
            ("drawn", COMMA.join(map(short, printed.cases))),
        ],
        "irregular": [
            (
                wording.label(rule),
                step or "",
                f"{len(cases):,}",
                COMMA.join(map(short, [*cases[:MOST_NAMED], *(["…"] if len(cases) > MOST_NAMED else [])])),
            )
            for (rule, step), cases in printed.irregular.items()
        ],
    }


def _seed_source(draw: Mapping[str, Any]) -> str:
    """Return what the seed follows from, so that anybody can compute it; nothing for one that was chosen."""
    return "" if draw["head_event_id"] is None else f"SHA-256 {draw['head_event_id']}:{draw['id']}"


def _source(draw: Mapping[str, Any], wording: Wording) -> str:
    source = draw["path_source"]
    return wording.sentence("shipped") if source == "shipped" else source or ""
