"""`expand=`: the records that others refer to, whole, where the caller may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api.lists import Listing
from app.api.shapes import Renderer
from app.kernel.named import visible


async def expand(
    listing: Listing, renderer: Renderer, shown: Sequence[dict[str, Any]], names: Sequence[str]
) -> None:
    """Puts the whole record in the place of what names it, in these fields of all that is shown. What the
    caller may not see stays as it is. One statement per kind of record.
    """
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(listing.refers[name].lifecycle.kind, []).append(name)
    for fields in by_kind.values():
        of = listing.refers[fields[0]]
        ids = {out[name]["id"] for out in shown for name in fields if out.get(name) is not None}
        whole = await _seen(of, renderer, list(ids)) if ids else {}
        for out in shown:
            for name in fields:
                if out.get(name) is not None:
                    out[name] = whole.get(out[name]["id"], out[name])


async def _seen(of: Listing, renderer: Renderer, ids: list[Any]) -> dict[Any, dict[str, Any]]:
    """Those of the records that the caller may see, by id."""
    ledger, caller = renderer.ledger, renderer.caller
    full = of.renderer(ledger, of.lifecycle, of.shape, caller, renderer.language)
    rows = await ledger.db.rows(
        f"select {full.columns}, h.audience as may_see from {of.lifecycle.table} r "
        f"join log.stream_head h on h.stream = '{of.lifecycle.kind}/' || r.id where r.id = any(%s)",
        (ids,),
    )
    seen = [row for row in rows if visible(ledger, of.lifecycle, caller, row.pop("may_see"))]
    await full.fill(seen)
    return {row["id"]: row for row in seen}
