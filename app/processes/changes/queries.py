"""Reads of changes: answer, listing with filters and sorts, and the records they were scheduled over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.listings.filters import MOST_VALUES, Parameter, Time, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.listings.paging import order_of, page_rows
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, Renderer, TeamStub, TicketOut
from app.foundation.categories.queries import CATEGORIES
from app.foundation.cis.queries import CIS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.kernel.actions.payloads import LONGEST_KEY
from app.log.events import stream
from app.platform.db import Database
from app.processes.changes.lifecycle import LIFECYCLE
from app.processes.changes.records import Change, ChangeState


class TemplatePlans(OutputModel):
    """The texts and plans of a standard change's template, which were approved."""

    title: str = Field(description="Title of the template.")
    description: str | None = Field(description="Description of the template; null if it has none.")
    plan: str = Field(description="Steps of the change.")
    test_plan: str = Field(
        description="Tests that show the success of the change; empty if the template has none."
    )
    back_out_plan: str = Field(description="Steps that undo the change if it fails.")


class ChangeOut(
    TicketOut,
    of=Change,
    after={
        "description": "impact urgency priority",
        "wanted_until_at": "requester",
        "reported_by": "customer team assignee opened_at",
    },
):
    """A change of services and configuration items."""

    customer: TeamStub | None = Field(description="Team of the requester when the change was drafted.")
    team: TeamStub | None = Field(description="Team that implements the change.")
    template_plans: TemplatePlans | None = Field(
        description="Texts and plans of the standard change's template, which hold whatever title and "
        "description the change has; null for other changes, which have their own plans."
    )


PLANS_OF_TEMPLATES = """
select key, title, description, plan, coalesce(test_plan, '') as test_plan, back_out_plan
from fold.change_template where key = any(%s)"""


class ChangeRenderer(Renderer):
    """Renderer of changes, with the plans of their templates."""

    COMPUTED = frozenset({"template_plans"})

    async def compute(self, columns: Columns) -> Columns:
        """Return the plans of the templates: one more query where there are any."""
        keys = sorted({key for key in columns["template"] if key is not None})
        rows = await self.ledger.db.rows(PLANS_OF_TEMPLATES, (keys,)) if keys else []
        plans = {row.pop("key"): row for row in rows}
        return {"template_plans": [plans.get(key) for key in columns["template"]]}


Key = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]
# Written as in the index of fold.change.
SHOWN_PERIOD = """schedule.shown_during(r.window_from_at, r.window_until_at, r.started_at,
    coalesce(r.implemented_at, r.backed_out_at), r.wanted_from_at, r.wanted_until_at)"""


async def _touches_item(where: WhereClause, names: list[str], renderer: Renderer) -> None:
    """Restrict the list to changes of these items; an item hidden from the caller matches nothing."""
    named = WhereClause(depends_on_values=True)
    bound = _bind_texts(named, names)
    named.conditions.append(f"(r.key = any({bound}) or r.id::text = any({bound}))")
    items = CIS.renderer(
        renderer.ledger, CIS.lifecycle, CIS.shape, renderer.caller, renderer.language, frozenset({"id"})
    )
    rows = await page_rows(items, named, order_of(CIS, CIS.sorts[0]), MOST_VALUES, None)
    ids = [str(dict(zip(items.names, row, strict=False))["id"]) for row in rows]
    where.conditions.append(f"r.ci_ids && {where.bind(ids)}::text[]")


async def _touches_service(where: WhereClause, keys: list[str], renderer: Renderer) -> None:
    bound = _bind_texts(where, keys)
    where.conditions.append(f"(r.services && {bound} or r.ci_services && {bound})")


def _bind_texts(where: WhereClause, texts: list[str]) -> str:
    """Return the placeholder of the texts, without those that PostgreSQL cannot hold."""
    return f"{where.bind([text for text in texts if chr(0) not in text])}::text[]"


async def _is_overridden(where: WhereClause, overridden: bool, renderer: Renderer) -> None:
    where.conditions.append(f"(coalesce(cardinality(r.overrides), 0) > 0) = {where.bind(overridden)}")


async def _takes_place_after(where: WhereClause, begin: datetime, renderer: Renderer) -> None:
    where.conditions.append(f"{SHOWN_PERIOD} && tstzrange({where.bind(begin)}::timestamptz, null)")


async def _takes_place_before(where: WhereClause, end: datetime, renderer: Renderer) -> None:
    where.conditions.append(f"{SHOWN_PERIOD} && tstzrange(null, {where.bind(end)}::timestamptz)")


#: Filters that are not by a field of the record.
OWN_PARAMETERS = (
    Parameter(
        "ci",
        multi_value(
            Key,
            "Changes that name one of these configuration items which the caller may see: keys or ids. "
            "Items that these need do not count.",
            reference={"kind": "ci", "by": "key"},
        ),
        _touches_item,
    ),
    Parameter(
        "touched_service",
        multi_value(
            Key,
            "Changes that affect one of these services, directly or through a configuration item: keys. "
            "(The parameter `service` looks only at the first service of each change.)",
            reference={"kind": "service", "by": "key"},
        ),
        _touches_service,
    ),
    Parameter(
        "overridden",
        Annotated[
            bool | None,
            Field(description="`true` for changes that were scheduled in spite of conflicts."),
        ],
        _is_overridden,
    ),
    Parameter(
        "takes_place_after",
        Annotated[
            Time | None,
            Field(description="Changes whose window or implementation ends after this time."),
        ],
        _takes_place_after,
    ),
    Parameter(
        "takes_place_before",
        Annotated[
            Time | None, Field(description="Changes whose window or implementation begins before this time.")
        ],
        _takes_place_before,
    ),
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ChangeOut,
    filters=(
        "state",
        "state_since",
        "type",
        "risk_level",
        "outcome",
        "priority",
        "service",
        "category",
        "template",
        "requester",
        "team",
        "assignee",
        "opened_at",
        "submitted_at",
        "window_from_at",
        "started_at",
        "implemented_at",
        "closed_at",
        "changed_at",
        "review_due_at",
        "review_overdue_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=(
        "opened_at",
        "changed_at",
        "state_since",
        "priority",
        "window_from_at",
        "implemented_at",
        "closed_at",
        "review_due_at",
    ),
    expands=(PERSONS, TEAMS, SERVICES, CATEGORIES),
    renderer=ChangeRenderer,
    own_parameters=OWN_PARAMETERS,
)
# Changes and freezes that others were scheduled over, as they are now. All staff see freezes.
OVERRIDDEN = """
select 'change' as kind, c.id, c.number as name, c.title, h.audience, c.state,
  coalesce(c.window_from_at, c.started_at) as from_at,
  coalesce(c.window_until_at, c.implemented_at, c.backed_out_at) as until_at
from fold.change c join log.stream_head h on h.stream = 'change/' || c.id
where c.id = any(%(changes)s::uuid[])
union all
select 'freeze', f.id, f.freeze_kind, f.title, null, f.state, f.from_at, f.until_at
from fold.freeze f where f.id = any(%(freezes)s::uuid[])"""


async def overridden_records(db: Database, streams: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return, by their streams, the changes and freezes that others were scheduled over."""
    names = [name.partition("/") for name in sorted(set(streams))]
    if not names:
        return {}
    ids = {
        f"{wanted_kind}s": [record_id for kind, _, record_id in names if kind == wanted_kind]
        for wanted_kind in ("change", "freeze")
    }
    return {stream(row["kind"], row["id"]): row for row in await db.rows(OVERRIDDEN, ids)}


SCHEDULED = """
select id, version, window_from_at, window_until_at from fold.change
where id = any(%s::uuid[]) and state = %s order by id"""


async def scheduled_changes(db: Database, changes: Iterable[UUID]) -> list[dict[str, Any]]:
    """Return the ids, versions and windows of those of the changes that are scheduled."""
    return await db.rows(SCHEDULED, (list(changes), ChangeState.scheduled.value))
