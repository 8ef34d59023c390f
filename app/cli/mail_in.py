"""`ledgerdesk mail-in`: takes one mail from its standard input, as a mail server pipes it.

Exit codes are those that mail servers know (sysexits.h): 75, try again later; 65, send it back with these
words.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.output import Json, print_result
from app.cli.runtime import command_line_metadata, with_ledger
from app.i18n import translate
from app.kernel.ledger import Ledger
from app.platform.db import DatabaseGone
from app.webhooks.adapters import MAIL
from app.webhooks.intake.receipt import receive
from app.webhooks.mail.message import LARGEST_MAIL
from app.webhooks.mail.reader import MailReader
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.sources.lookup import find_source_by_key
from app.webhooks.sources.records import WebhookSourceState

TRY_LATER, SEND_BACK, WRONG_CONFIGURATION = 75, 65, 78


def mail_in(
    source: Annotated[str, typer.Argument(help="Mail source, by its key.")] = "mail",
    as_json: Json = False,
) -> None:
    """Accept a mail from standard input: it is stored at once, and the worker processes it."""
    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)
    reader = MailReader()
    try:
        reader.read(raw)
    except MailRefused as refused:
        typer.echo(translate("en", "webhook_failure", refused.code), err=True)
        raise typer.Exit(SEND_BACK) from refused
    finally:
        reader.close()

    async def work(ledger: Ledger) -> str | None:
        inbox = await find_source_by_key(ledger.db, source)
        if inbox is None or inbox.adapter != MAIL or inbox.state is WebhookSourceState.retired:
            return None
        headers = {"content-type": "message/rfc822"}
        delivery_id, _ = await receive(ledger, inbox, headers, raw, command_line_metadata().now)
        return str(delivery_id)

    try:
        stored = with_ledger(work)
    except DatabaseGone as error:
        typer.echo("The database cannot be reached; try again later.", err=True)
        raise typer.Exit(TRY_LATER) from error
    if stored is None:
        typer.echo(f"There is no mail source {source}. Add one with the adapter mail.", err=True)
        raise typer.Exit(WRONG_CONFIGURATION)
    print_result("Taken.", {"delivery_id": stored}, as_json=as_json)
