"""An examination of who holds duties: records in use that name somebody inactive or not eligible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.cli.doctor.findings import CheckOutcome, success, warning
from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.kernel.access.eligibility import eligible_condition
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
from app.platform.db import Database

COUNT = """
select count(*) from {table} c join fold.{kind} r on r.id = c.{field}
where c.state = any(%(in_use)s) and not (r.state = 'active'{eligible})"""


async def examine_duties(db: Database) -> CheckOutcome:
    """Count the duties of records in use whose holders are not active or not eligible."""
    counted = {
        f"{lifecycle.kind}.{field}": await _held_wrongly(db, lifecycle, field, mark)
        for lifecycle, field, mark in duties_of_records()
    }
    wrong = {name: number for name, number in counted.items() if number}
    if not wrong:
        return success("duties_ok")
    listed = ", ".join(f"{name} {number}" for name, number in wrong.items())
    return warning("duties_ineligible", number=sum(wrong.values()), fields=listed)


def duties_of_records() -> Iterator[tuple[Lifecycle[Any], str, ForeignRef]]:
    """Yield the fields of records that give duties."""
    from app.registry import LIFECYCLES  # noqa: PLC0415  # it takes a second, and a database that is away ends before

    for lifecycle in LIFECYCLES:
        for field, mark in marks(lifecycle.record, ForeignRef).items():
            if mark.duty not in (None, GivenDuty.recorded):
                yield lifecycle, field, mark


async def _held_wrongly(db: Database, lifecycle: Lifecycle[Any], field: str, mark: ForeignRef) -> int:
    parameters: dict[str, Any] = {"in_use": [state.value for state in lifecycle.states_in_use]}

    def bind(value: Any) -> str:
        parameters[name := f"p{len(parameters)}"] = value
        return f"%({name})s"

    assert mark.duty is not None
    condition = eligible_condition(mark.kind, mark.duty, bind)
    eligible = "" if condition is None else f" and {condition}"
    query = COUNT.format(table=lifecycle.table, kind=mark.kind, field=field, eligible=eligible)
    number: int = await db.value(query, parameters)
    return number
