"""The parameter `expand=`: replaces references by the whole records, if the caller may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.listings.lists import ExpandTarget, Listing
from app.api.records.shapes import Renderer
from app.kernel.visible_records import is_visible

#: The column that holds the reference by which a whole record was found.
NAME_COLUMN = "named_by"


async def expand(
    listing: Listing, renderer: Renderer, items: Sequence[dict[str, Any]], names: Sequence[str]
) -> None:
    """Replace the references in the fields `names` of all records in `items` by the whole records. If the
    caller may not see the record, a stub stays as it is, and a key becomes None, as for a key without a
    record: the two cannot be distinguished. One statement per kind of record.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for name in dict.fromkeys(names):  # each once, even if the request repeats it
        target = listing.refers[name]
        alike.setdefault((target.listing.lifecycle.kind, target.by), []).append(name)
    for fields in alike.values():
        target = listing.refers[fields[0]]
        named = {target.key_in(out[name]) for out in items for name in fields if name in out} - {None}
        records = await _visible_records(target, renderer, list(named)) if named else {}
        for out in items:
            for name in fields:
                if name in out:
                    ids = out[name] if target.by == "id" else None
                    out[name] = records.get(target.key_in(out[name]), ids)


async def _visible_records(
    target: ExpandTarget, renderer: Renderer, named: list[Any]
) -> dict[Any, dict[str, Any]]:
    """Return the referred records that the caller may see, by the id or key that refers to them."""
    lifecycle = target.listing.lifecycle
    full = target.listing.renderer(
        renderer.ledger, lifecycle, target.listing.shape, renderer.caller, renderer.language
    )
    in_process = "" if target.process is None else " and r.process = %(process)s"
    visible = await visible_rows(
        full,
        f"{full.columns}, r.{target.by} as {NAME_COLUMN}",
        f"r.{target.by} = any(%(named)s){in_process}",
        {"named": named, "process": target.process},
    )
    names = [row.pop(NAME_COLUMN) for row in visible]
    await full.render_many(visible)
    return dict(zip(names, visible, strict=True))


async def visible_rows(
    renderer: Renderer, selected: str, condition: str, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what is selected of the renderer's records, the table `r`, that fulfil the condition and that
    the caller may see.
    """
    ledger, lifecycle = renderer.ledger, renderer.lifecycle
    rows = await ledger.db.rows(
        f"select {selected}, h.audience as may_see from {lifecycle.source} r "
        f"join log.stream_head h on h.stream = '{lifecycle.kind}/' || r.id where {condition}",
        parameters,
    )
    return [row for row in rows if is_visible(ledger, lifecycle, renderer.caller, row.pop("may_see"))]
