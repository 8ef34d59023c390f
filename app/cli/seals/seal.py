"""`ledgerdesk seal`: seals the log now, and exports the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.exits import NO_ANSWER
from app.cli.output import Json, print_json, print_line, progress_bar
from app.cli.runtime import command_line_metadata
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.platform.installation import Installation
from app.platform.outward import OutwardPolicy, outward_client
from app.platform.settings import Settings
from app.sealing.exporting import export_head
from app.sealing.seal import rotate_key as rotate_signing_key
from app.sealing.seal import seal as seal_log
from app.sealing.signed_heads import SignedHead
from app.sealing.targets import FolderTarget, configured_targets


@dataclass(slots=True)
class SealOutcome:
    """The newest head (None: the log is empty), the files that it was written to, and why exports failed, by
    target.
    """

    signed: SignedHead | None = None
    files: list[Path] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def seal(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Also write the head to a file in this folder."),
    ] = None,
    rotate_key: Annotated[
        bool,
        typer.Option("--rotate-key", help="Make a new signing key, which the old key announces."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Seal all events under a signed head, and export the head as configured. Prints the newest head, which
    is the earlier one if there are no new events.
    """
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        outcome = loop.run(_seal(place, current, to, rotate_key=rotate_key))
    _report(outcome, as_json=as_json)
    if outcome.failures:
        raise typer.Exit(NO_ANSWER)


async def _seal(place: Installation, current: Settings, to: Path | None, *, rotate_key: bool) -> SealOutcome:
    outcome = SealOutcome()
    connection = await connect(place.url)
    try:
        with progress_bar() as bar:
            task = bar.add_task("Sealing", total=None)

            def show(done: int, head: int) -> None:
                bar.update(task, completed=done, total=head)

            if rotate_key:
                outcome.signed = await rotate_signing_key(connection, place.secrets_dir, _now)
            else:
                outcome.signed = await seal_log(connection, place.secrets_dir, _now, progress=show)
        if outcome.signed is None:
            return outcome
        async with outward_client(OutwardPolicy.from_settings(current)) as client:
            targets = configured_targets(current, client)
            outcome.failures = await export_head(connection, outcome.signed, targets, _now())
        if to is not None:
            outcome.files.append(FolderTarget(to).write(outcome.signed))
    finally:
        await connection.close()
    return outcome


def _now() -> datetime:
    return command_line_metadata().now


def _report(outcome: SealOutcome, *, as_json: bool) -> None:
    signed = outcome.signed
    if as_json:
        seal_members = None if signed is None else signed.members()
        print_json({"seal": seal_members, "files": outcome.files, "failed_exports": outcome.failures})
        return
    if signed is None:
        print_line("The log is empty: there is nothing to seal.")
        return
    head = signed.head
    print_line(
        f"Head {head.number} covers positions 1 to {head.size}; sealed at {head.sealed_at.isoformat()}."
    )
    print_line(f"Root: {head.root}")
    print_line(f"Key:  {head.key}")
    for path in outcome.files:
        print_line(f"Written to {path}.")
    for target, why in outcome.failures.items():
        print_line(f"Not exported ({target}): {why}")
