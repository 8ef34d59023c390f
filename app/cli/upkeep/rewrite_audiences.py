"""`ledgerdesk rewrite-audiences`: mends the access lists of records that an earlier version wrote."""

from __future__ import annotations

from dataclasses import asdict

from app.cli.output import Json, print_json, print_line, progress_bar
from app.kernel.access.audiences import RewriteProgress, rewrite_kind
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.registry import LIFECYCLES


def rewrite_audiences(as_json: Json = False) -> None:
    """Recompute who may see each record, and correct access lists that differ. Needs the role that owns the
    database. The service may keep running; if interrupted, run it again.
    """
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        kinds = loop.run(_rewrite(installation.owner_address(place, current), as_json=as_json))
    rewritten = sum(kind.rewritten for kind in kinds)
    if as_json:
        print_json({"rewritten": rewritten, "kinds": [asdict(kind) for kind in kinds]})
    else:
        print_line(f"Corrected access lists: {rewritten} of {sum(kind.looked_at for kind in kinds)}.")


async def _rewrite(owner_url: str, *, as_json: bool) -> list[RewriteProgress]:
    kinds = []
    connection = await connect(owner_url)
    try:
        with progress_bar() as bar:
            task = bar.add_task("", total=None)

            def show(now: RewriteProgress) -> None:
                bar.update(task, description=now.kind, completed=now.looked_at, total=now.records)

            for lifecycle in LIFECYCLES:
                done = await rewrite_kind(connection, lifecycle, show)
                kinds.append(done)
                if done.records and not as_json:
                    print_line(f"{done.kind}: {done.rewritten} of {done.looked_at} corrected")
    finally:
        await connection.close()
    return kinds
