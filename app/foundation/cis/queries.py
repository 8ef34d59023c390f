"""Schemas and reads of configuration items, their relations, baselines and verifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings import cursors
from app.api.listings.list_queries import Paging
from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.cis import baselines, verifications
from app.foundation.cis.affected import (
    MOST_AFFECTED,
    AffectedCustomerOut,
    AffectedServiceOut,
    services_and_customers,
)
from app.foundation.cis.impact import (
    LARGEST_DEPTH,
    MOST_AFFECTED_CIS,
    MOST_RELATIONS_FOLLOWED,
    USUAL_DEPTH,
    impact,
)
from app.foundation.cis.lifecycle import LIFECYCLE
from app.foundation.cis.records import (
    Baseline,
    Ci,
    CiClass,
    CiState,
    RelationKind,
    Verification,
    VerificationItem,
)
from app.foundation.people.queries import PERSONS
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream


class CiOut(RecordOut, of=Ci):
    """A configuration item."""

    attributes: dict[str, str | int] = Field(
        description="Attributes of the item, by key: short texts and whole numbers."
    )


CIS = Listing(
    lifecycle=LIFECYCLE,
    shape=CiOut,
    filters=(
        "state",
        "key",
        "ci_class",
        "owner",
        "found_by",
        "serves",
        "unauthorised",
        "unauthorised_at",
        "planned_at",
        "live_at",
        "retired_at",
        "changed_at",
    ),
    sorts=("planned_at", "key", "name", "unauthorised_at"),
    expands=(PERSONS,),
)


class BaselineOut(RecordOut, of=Baseline):
    """A named set of configuration items at a position of the log."""

    ci_classes: list[CiClass] = Field(description="Classes of the items; empty for all classes.")
    ci_ids: list[UUID] = Field(description="Identifiers of the items; empty for all items.")


BASELINES = Listing(
    lifecycle=baselines.LIFECYCLE,
    shape=BaselineOut,
    filters=("state", "key", "taken_at", "changed_at"),
    sorts=("taken_at", "key"),
)


class CiStub(OutputModel):
    """A configuration item, as other answers refer to it."""

    id: UUID
    key: str = Field(description="Key of the item: unique, never changed.")
    name: str = Field(description="Display name of the item.")
    ci_class: CiClass
    state: CiState


class VerificationItemOut(OutputModel, of=VerificationItem, without="id checked_by settled_by"):
    """An item of a sample, and the result of its check."""

    ci: CiStub


async def items_of(ledger: Ledger, samples: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return the items of each sample, in the order of the draw."""
    records = {stream("verification", sample_id): sample_id for sample_id in samples}
    rows = await ledger.db.rows(
        "select v.record, v.place, v.outcome, v.note, v.checked_at, v.settlement, v.change, v.settled_at, "
        "c.id, c.key, c.name, c.ci_class, c.state from fold.verification_item v "
        "join fold.ci c on c.id = v.ci_id where v.record = any(%s) order by v.record, v.place",
        (list(records),),
    )
    items: dict[UUID, list[Any]] = {}
    for row in rows:
        fields = {name: row[name] for name in ("place", "outcome", "note", "settlement", "change")}
        times = {name: row[name] and instant(row[name]) for name in ("checked_at", "settled_at")}
        items.setdefault(records[row["record"]], []).append({"ci": ci_stub(row), **fields, **times})
    return items


async def right_share_of(ledger: Ledger, samples: Sequence[UUID]) -> dict[UUID, float]:
    """Return, by sample, the share of the checked items that are right."""
    rows = await ledger.db.rows(
        "select id, round(right_count::numeric / checked_count, 6)::float8 as share from fold.verification "
        "where id = any(%s) and checked_count > 0",
        (list(samples),),
    )
    return {row["id"]: row["share"] for row in rows}


class VerificationOut(RecordOut, of=Verification, after={"unsettled_count": "right_share items"}):
    """A sample of configuration items that is checked against reality."""

    ci_classes: list[CiClass] = Field(description="Classes of its items; empty for all classes.")
    right_share: Annotated[float | None, LoadedFrom(right_share_of, single=True)] = Field(
        description="Share of the checked items that are right, from 0 to 1; null before the first "
        "check, and in versions requested by `as_of`."
    )
    items: Annotated[list[VerificationItemOut] | None, LoadedFrom(items_of)] = Field(
        description="Items in the order of the draw; null in versions requested by `as_of`."
    )


VERIFICATIONS = Listing(
    lifecycle=verifications.LIFECYCLE,
    shape=VerificationOut,
    filters=("state", "key", "drawn_at", "changed_at"),
    sorts=("drawn_at", "key"),
)


class RelationOut(OutputModel):
    """A relation between a configuration item and another one."""

    kind: RelationKind
    label: str = Field(description="Label of the kind, in the language asked for.")
    direction: Literal["outgoing", "incoming"] = Field(
        description="Direction seen from this item: for the kind `runs_on`, `outgoing` if this item "
        "runs on the other one, `incoming` if the other one runs on this item."
    )
    other: CiStub
    related_at: datetime = Field(description="Time at which the relation was recorded.")


class RelationPage(OutputModel):
    """Relations of a configuration item in one direction, the oldest first."""

    items: list[RelationOut]
    next_cursor: str | None


class RelationQuery(Paging):
    """The direction and page of the relations listed."""

    direction: Literal["outgoing", "incoming"] = Field(
        default="outgoing",
        description="Direction of the relations: `outgoing` for those that start at the item, "
        "`incoming` for those that lead to it.",
    )


class ViaOut(OutputModel):
    """The relation through which an item is affected."""

    kind: RelationKind
    ci: CiStub = Field(description="Item whose failure affects this one.")


class AffectedCiOut(OutputModel):
    """An affected configuration item."""

    ci: CiStub
    distance: int = Field(
        description="Number of relations between the items; 1 if they are directly related."
    )
    via: ViaOut = Field(description="Last relation of the path; if there are several, the first by kind.")


class ImpactOut(OutputModel):
    """The impact of a configuration item's failure."""

    depth: int = Field(description="Number of relations up to which the path was followed.")
    truncated: bool = Field(
        description=f"True if the impact may be larger: more than {MOST_AFFECTED_CIS:,} items, more than "
        f"{MOST_RELATIONS_FOLLOWED:,} relations from one distance to the next, or more than "
        f"{MOST_AFFECTED:,} services or customers. The nearest are included."
    )
    cis: list[AffectedCiOut] = Field(description="Affected items, the nearest first.")
    services: list[AffectedServiceOut] = Field(
        description="Affected services, the nearest first, then by key."
    )
    customers: list[AffectedCustomerOut] = Field(
        description="Teams that use the affected services, the nearest first, then by key."
    )


class ImpactQuery(BaseModel):
    """The number of relations to follow from the failing item."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    depth: Annotated[
        int,
        Field(ge=1, le=LARGEST_DEPTH, description="Number of relations up to which the path is followed."),
    ] = USUAL_DEPTH


def ci_visibility_condition(renderer: Renderer, parameters: dict[str, Any]) -> str:
    """Return the SQL condition on the items `c` that the caller may see; adds its parameters."""
    if sees_every_record(renderer.caller, LIFECYCLE, agents_see=renderer.ledger.settings.agents_see):
        return "true"
    parameters["tokens"] = sorted(tokens(renderer.caller, LIFECYCLE))
    return (
        "exists (select from log.stream_head h where h.stream = 'ci/' || c.id and h.audience && %(tokens)s)"
    )


async def relations(renderer: Renderer, ci: Ci, query: RelationQuery) -> dict[str, Any]:
    """Return a page of the item's relations to items that the caller may see. Raises BadCursor."""
    sign, scope = renderer.ledger.vault.fingerprint, f"{ci.row_key} relations {query.direction}"
    own_end, other_end = "from_ci_id", "to_ci_id"
    if query.direction == "incoming":
        own_end, other_end = other_end, own_end
    parameters: dict[str, Any] = {"ci": ci.id, "after": None, "limit": query.limit + 1}
    if query.cursor is not None:
        (last,) = cursors.read(query.cursor, scope, sign)
        parameters["after"] = UUID(last)
    rows = await renderer.ledger.db.rows(
        "select r.id as relation_id, r.kind, r.related_at, c.id, c.key, c.name, c.ci_class, c.state "
        f"from fold.ci_relation r join fold.ci c on c.id = r.{other_end} "
        f"where r.{own_end} = %(ci)s and (%(after)s::uuid is null or r.id > %(after)s) "
        f"and {ci_visibility_condition(renderer, parameters)} order by r.id limit %(limit)s",
        parameters,
    )
    shown_rows = rows[: query.limit]
    more = len(rows) > query.limit
    cursor = cursors.write([str(shown_rows[-1]["relation_id"])], scope, sign) if more else None
    items = [
        {
            "kind": row["kind"],
            "label": RelationKind(row["kind"]).label(renderer.language),
            "direction": query.direction,
            "other": ci_stub(row),
            "related_at": instant(row["related_at"]),
        }
        for row in shown_rows
    ]
    return {"items": items, "next_cursor": cursor}


async def impact_of(renderer: Renderer, ci: Ci, depth: int) -> dict[str, Any]:
    """Return the impact of the item's failure, limited to items that the caller may see."""
    result = await impact(renderer.ledger.db, ci.id, depth)
    affected = await _visible(renderer, result.affected)
    by_id = {row["id"]: ci_stub(row) for row in result.affected}
    by_id[ci.id] = ci_stub({name: getattr(ci, name) for name in CiStub.model_fields})
    distances = dict.fromkeys(ci.services or (), 0)
    for row in affected:
        for key in row["services"]:
            distances.setdefault(key, row["distance"])
    services, customers, more = await services_and_customers(renderer, distances)
    return {
        "depth": depth,
        "truncated": result.truncated or more,
        "cis": [
            {
                "ci": by_id[row["id"]],
                "distance": row["distance"],
                "via": {"kind": row["kind"], "ci": by_id[row["via"]]},
            }
            for row in affected
        ],
        "services": services,
        "customers": customers,
    }


async def _visible(renderer: Renderer, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the affected items that the caller may see, with the relation that affects them."""
    parameters: dict[str, Any] = {"ids": [row["id"] for row in rows]}
    condition = ci_visibility_condition(renderer, parameters)
    if condition == "true":
        return list(rows)
    visible = await renderer.ledger.db.rows(
        f"select c.id from fold.ci c where c.id = any(%(ids)s) and {condition}", parameters
    )
    visible_ids = {row["id"] for row in visible}
    hidden_ids = {row["id"] for row in rows} - visible_ids
    return [row for row in rows if row["id"] in visible_ids and row["via"] not in hidden_ids]


def ci_stub(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields by which other answers refer to an item, from its row."""
    return {name: row[name] for name in CiStub.model_fields}
