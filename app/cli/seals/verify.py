"""`ledgerdesk verify`: reads the whole log, and compares it with its seals and with exported heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.cli.exits import DIFFERENT
from app.cli.output import Json, print_json, print_line, progress_bar
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.sealing.signed_heads import LARGEST_FILE, SignedHead, UnreadableHead, read_head_file
from app.sealing.verify import Discrepancy, LogVerification, SealFinding
from app.sealing.verify import verify as verify_log

UNLIMITED = "-c jit=off -c timezone=UTC"
#: A sentence on each kind of finding; `{place}`: positions, or the head.
SENTENCES = {
    Discrepancy.altered: "{place}: altered since the seal.",
    Discrepancy.missing: "{place}: missing.",
    Discrepancy.added: "{place}: added: a duplicate, or a position that cannot exist.",
    Discrepancy.ends_early: "{place}: sealed, but missing at the end of the log. Was an older backup "
    "restored?",
    Discrepancy.not_as_sealed: "{place}: altered since the seal. The stored hashes were rewritten, too, so "
    "the exact position is unknown.",
    Discrepancy.hashes_rewritten: "{place}: the events match the seal, but the stored hashes were altered.",
    Discrepancy.identity_altered: "The table log.seal_identity does not match the heads, so no hash can be "
    "compared.",
    Discrepancy.head_altered: "{place}: altered: the signature is invalid, or the head does not follow the "
    "one before.",
    Discrepancy.head_missing: "{place}: missing in the database.",
    Discrepancy.head_otherwise: "{place}: the stored head differs from the exported head.",
    Discrepancy.another_log: "{place} in a file belongs to another log.",
    Discrepancy.not_signed: "{place} in a file has an invalid signature.",
    Discrepancy.another_key: "{place}: signed with a key that no earlier head announced.",
}


def verify(
    head: Annotated[
        list[Path] | None,
        typer.Option(
            help="Exported head, or a folder of exported heads; can be repeated. Without it, only the "
            "heads in the database are compared, which an attacker could have altered, too."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the whole log, recompute every hash, and compare the hashes with the stored ones and with the
    stored and exported heads. Prints the first altered, missing or added event. Exit code 5: something
    differs from the seal.
    """
    exported = [_read(path) for place in head or () for path in _files(place)]
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        outcome = loop.run(_verify(place.url, exported))
    _report(outcome, len(exported), as_json=as_json)
    if outcome.finding_count:
        raise typer.Exit(DIFFERENT)


def _files(place: Path) -> Sequence[Path]:
    """Return the file, or the files of heads in the folder."""
    files = sorted(place.glob("head-*.json")) if place.is_dir() else [place]
    if not files:
        raise typer.BadParameter(f"{place} contains no file head-….json.", param_hint="--head")
    return files


def _read(path: Path) -> SignedHead:
    try:
        with path.open("rb") as file:
            return read_head_file(file.read(LARGEST_FILE + 1))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.", param_hint="--head") from error
    except UnreadableHead as error:
        raise typer.BadParameter(f"{path} is not an exported head: {error}.", param_hint="--head") from error


async def _verify(url: str, exported: Sequence[SignedHead]) -> LogVerification:
    connection = await connect(url, UNLIMITED)
    try:
        with progress_bar() as bar:
            task = bar.add_task("Verifying", total=None)

            def show(done: int, end: int) -> None:
                bar.update(task, completed=done, total=end)

            return await verify_log(connection, exported, progress=show)
    finally:
        await connection.close()


def _report(outcome: LogVerification, files: int, *, as_json: bool) -> None:
    if as_json:
        print_json(outcome)
        return
    for finding in outcome.findings:
        print_line(_sentence(finding))
    if outcome.finding_count > len(outcome.findings):
        print_line(f"… and {outcome.finding_count - len(outcome.findings)} more.")
    print_line(
        f"Events read: {outcome.events}; stored heads: {outcome.heads}; exported heads given: {files}."
    )
    print_line(
        f"Unaltered according to the stored heads: positions 1 to {outcome.sealed_up_to}."
        if outcome.sealed_up_to
        else "No stored head confirms any part of the log."
    )
    if files:
        print_line(f"Unaltered according to the exported heads: positions 1 to {outcome.proved_up_to}.")
    else:
        print_line(
            "No exported head was compared (--head), so this proves nothing against the database owner."
        )


def _sentence(finding: SealFinding) -> str:
    if finding.head is not None:
        where = f"Head {finding.head}"
    elif finding.first == finding.last:
        where = f"Position {finding.first}"
    else:
        where = f"Positions {finding.first} to {finding.last}"
    return SENTENCES[finding.discrepancy].format(place=where)
