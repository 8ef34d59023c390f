"""Agreements as the log has them, signed without the talks before, and the calendars that they name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.common.people import rule_caller
from app.foundation.calendars.lifecycle import AddCalendar
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from tests.contract.logged import MADE_UP
from tests.people import act

WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
Fields = dict[str, Any]


async def add_calendar(
    ledger: Ledger, key: str, zone: str = "UTC", starts: str = "09:00", ends: str = "18:00", **more: Any
) -> None:
    """A calendar with these hours from Monday to Friday."""
    payload = {"key": key, "name": key, "time_zone": zone, "weekly": hours(starts, ends), **more}
    await act(ledger, rule_caller("tests"), "calendar", "add", body=AddCalendar.model_validate(payload))


def hours(starts: str, ends: str, days: list[str] = WORKDAYS) -> list[Fields]:
    """Hours from Monday to Friday, as a calendar takes them."""
    return [{"weekdays": days, "starts": starts, "ends": ends}]


def target(name: str, metric: str, seconds: int, **more: Any) -> Fields:
    """A target, as an agreement holds it."""
    usual: Fields = {
        **dict.fromkeys(("process", "priority", "category", "service", "catalogue_item", "calendar")),
        **dict.fromkeys(("threshold", "kpi", "compliance")),
        "comparator": "le",
        "pause_reasons": [],
        "pause_states": [],
        "warning_percents": [50, 75, 90],
    }
    return usual | {"id": name, "metric": metric, "threshold_seconds": seconds} | more


async def sign(
    ledger: Ledger,
    *targets: Fields,
    calendar: str = "office",
    agreement_type: str = "SLA",
    signed_at: datetime = LONG_AGO,
    **more: Any,
) -> UUID:
    """An agreement that is signed now, on paper since `signed_at`. Returns its id."""
    created = uuid7()
    fields: Fields = {
        "number": f"SLA-{created}",
        "state": "signed",
        "state_since": instant(signed_at),
        "agreement_type": agreement_type,
        "title": "An agreement",
        "edition": 1,
        "calendar": calendar,
        "valid_from": "2010-01-01",
        "valid_to": None,
        "services": None,
        "catalogue_items": None,
        "targets": list(targets),
        "recorded_requirement_at": instant(signed_at),
        "signed_at": instant(signed_at),
        "reopen_days": None,
        "replaces_id": None,
        "customer_id": None,
        "team_id": None,
        "supplier_id": None,
    }
    await tell(ledger, created, 1, "sla.signed", signed_at, fields | more)
    return created


async def tell(
    ledger: Ledger, agreement: UUID, version: int, kind: str, moment: datetime, fields: Fields
) -> None:
    """The log is told of the agreement."""
    name = stream("sla", agreement)
    before = await ledger.db.row("select to_jsonb(s) as row from fold.sla s where id = %s", (agreement,))
    row = ({} if before is None else before["row"]) | fields
    row.pop("appended_at", None)
    row |= {"id": str(agreement), "version": version, "changed_at": instant(moment)}
    values: Fields = {}
    if kind == "sla.superseded":
        from_date, from_at = fields["superseded_from"], fields["ends_at"]
        values = {"replaced_by": str(uuid7()), "from_date": from_date, "from_at": from_at}
    event = Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=kind,
        occurred_at=moment,
        actor="rule:tests",
        correlation_id=MADE_UP,
        source="rule",
        data={"given": values, "set": {name: fields}},
    )
    await ledger.writer.write(
        AppendRequest(
            reads={name: version - 1},
            events=(event,),
            rows=(("fold.sla", row),),
            audiences={name: ("staff",)},
        )
    )
