"""The KPIs of audits, findings, documents and risks, from the words of the catalogue (58 to 61)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.dimensions import cut_of
from tests.kpis.brute_force.reading import Json, Record, World, instant_of

OF_AUDITS = {"process": "process", "team": "team_id"}
OF_DOCUMENTS = {"document_class": "document_class", "owner": "author_id"}
OF_RISKS = {"risk": "risk_level", "process": "process", "owner": "owner_id"}
#: The states in which nothing of a document is in force any more.
OVER = {"superseded", "archived", "destroyed"}


def _handed_in(field: str, done: str) -> Callable[[World], list[Counted]]:
    """Count the audits by the due date in that field: handed in by then, or not."""

    def counted(world: World) -> list[Counted]:
        cases = []
        for record in world.of("audit"):
            due = instant_of(record.opening.told.get(field))
            if due is not None and due < world.now:
                met = any(step.what == done and step.at <= due for step in record.steps)
                cases.append(Counted(record.id, due, int(met), cut_of(OF_AUDITS, record.opening.told)))
        return cases

    return counted


def _standing(world: World) -> list[Record]:
    """The findings that nobody has withdrawn."""
    return [
        record for record in world.of("finding") if not any(step.what == "withdrawn" for step in record.steps)
    ]


def _repeats(world: World) -> list[Counted]:
    """The findings that the teams had not found themselves; 1 of each that names an earlier one."""
    return [
        Counted(
            record.id,
            record.opened_at,
            int(record.opening.told.get("repeats_id") is not None),
            cut_of(OF_AUDITS, record.opening.told),
        )
        for record in _standing(world)
        if not record.opening.told.get("self_found")
    ]


def _self_found(world: World) -> list[Counted]:
    """All findings; 1 of each that the team had found itself."""
    return [
        Counted(
            record.id,
            record.opened_at,
            int(bool(record.opening.told.get("self_found"))),
            cut_of(OF_AUDITS, record.opening.told),
        )
        for record in _standing(world)
    ]


def _known(record: Record, instant: datetime) -> Json:
    """What was known of the record just before the instant; nothing: it was not there."""
    n = record.last_before(instant)
    return {} if n is None else record.fields(n)


def _in_force(world: World, instant: datetime) -> list[Open]:
    """The documents of which a version is in force; 1 of each whose review is overdue."""
    opens = []
    for record in world.of("document"):
        fields = _known(record, instant)
        if fields.get("published_label") is None or fields["state"] in OVER:
            continue
        due = instant_of(fields.get("review_due_at"))
        overdue = due is not None and due < instant
        opens.append(Open(record.id, record.opened_at, cut_of(OF_DOCUMENTS, fields), number=int(overdue)))
    return opens


def _unclosed(world: World, instant: datetime) -> list[Open]:
    """The risks that are not closed."""
    opens = []
    for record in world.of("risk"):
        fields = _known(record, instant)
        if fields and fields["state"] != "closed":
            opens.append(Open(record.id, record.opened_at, cut_of(OF_RISKS, fields)))
    return opens


def _moved(world: World) -> list[Counted]:
    """What befell risks: new, closed, or moved by an assessment."""
    cases = []
    for record in world.of("risk"):
        for n, step in enumerate(record.steps):
            fields = record.fields(n)
            befell = "new" if n == 0 else "closed" if step.what == "closed" else None
            if befell is None and step.what in {"assessed", "reassessed"}:
                befell = fields.get("move") if fields.get("move") in {"up", "down"} else None
            if befell is not None:
                cases.append(
                    Counted(record.id, step.at, 1, cut_of(OF_RISKS, fields) | {"risk_event": befell})
                )
    return cases


DEFINITIONS = {
    "audit_findings_repeat_rate": Definition(_repeats),
    "findings_self_found_share": Definition(_self_found),
    "self_check_on_time": Definition(_handed_in("self_check_due_at", "self_checked")),
    "summary_on_time": Definition(_handed_in("summary_due_at", "countersigned")),
    "document_reviews_overdue": Definition(open=_in_force),
    "risks_by_level": Definition(open=_unclosed),
    "risks_moved": Definition(_moved),
}
