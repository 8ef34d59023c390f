"""Inputs of a form whose sender's session had ended: they are kept during the sign-in, and shown to the same
person in the form again. The action is not carried out.

A form identifies its reader by a signed mark. If it is sent without a session, its content is stored as a
file of that person: encrypted with their key, counted with their uploads, and removed after two days.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

from fastapi import Request
from starlette.exceptions import HTTPException

from app.api.authentication.auth import ledger_of, signed_in, utc_now
from app.api.authentication.sessions import is_same_origin
from app.api.authentication.signed_secrets import SignedSecret, parse_signed_secret
from app.api.pages.page_paths import DESK, PORTAL, is_below
from app.api.pages.sent_forms import SentForm, sent_form
from app.common.keys import new_secret
from app.common.people import Caller
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.kernel.uploads import (
    ContentDamaged,
    ContentErased,
    IncomingUpload,
    find_upload,
    read_all,
    store_upload,
)

#: First input of a form: a mark of the person who opened it.
FILLED_BY = "filled_by"
#: The parameter of a form's address for what was kept.
KEPT_FORM = "kept"
#: The input for files that are sent along with a form: each upload's id and the file's name.
ALONG = "file"
#: The input for the name of a file; the file's own if it is left blank.
FILE_NAME = "/name"
LONGEST_AGE = timedelta(days=3)
_PURPOSE = "form filled in by"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form as it is stored: the path that it was sent to, and its inputs."""

    path: str
    inputs: dict[str, list[str]]


def mark_of(request: Request, caller: Caller) -> str:
    """Return the mark of a form that is drawn for the caller; an empty one for what is no person."""
    if caller.person_id is None:
        return ""
    secret = f"{int(utc_now().timestamp())}-{new_secret()}"
    return SignedSecret(_PURPOSE, caller.person_id, secret).value(ledger_of(request).vault.fingerprint)


def filler_of(request: Request, mark: str) -> UUID | None:
    """Return the reader of the form with that mark; None if the mark is not ours, or old."""
    parsed = parse_signed_secret(mark, _PURPOSE, ledger_of(request).vault.fingerprint)
    if parsed is None:
        return None
    seconds = parsed.secret.partition("-")[0]
    age = utc_now().timestamp() - (int(seconds) if seconds.isdecimal() else 0)
    return parsed.id if age < LONGEST_AGE.total_seconds() else None


def belongs_to_another_person(request: Request, mark: str) -> bool:
    """Return whether the form was drawn for another person than the one who is signed in now."""
    caller, filler = signed_in(request), filler_of(request, mark)
    return caller is not None and filler is not None and filler != caller.person_id


async def keep_form(request: Request) -> str | None:
    """Keep the content of a form whose sender is no longer signed in. Return the address at which the form is
    shown with it, or None if it is not kept because its sender is unknown.
    """
    ledger = ledger_of(request)
    if request.method != "POST" or not is_below(request.url.path, DESK, PORTAL):
        return None
    # Another site must not fill in forms.
    if not is_same_origin(request.headers, ledger.settings.trusted_origins):
        return None
    try:
        form = await sent_form(request, lambda mark: filler_of(request, mark) is not None)
        filler = filler_of(request, form.first_value(FILLED_BY))
        person = None if filler is None else await ledger.directory.person_by_login(filler)
        if person is None or not person.active:
            return None
        # Whichever of their keys the person signs in with may use it.
        store = partial(_stored, ledger, replace(person.caller, restricted_to=()))
        form = await with_uploads(form, store)
        name = await store(json.dumps({"path": request.url.path, "inputs": form.inputs}).encode())
    except (HTTPException, Refusal):
        return None
    query = [pair for pair in parse_qsl(request.url.query) if pair[0] != KEPT_FORM]
    return f"{request.url.path}?{urlencode([*query, (KEPT_FORM, name)])}"


async def kept_form(request: Request) -> SentForm | None:
    """Return the content kept for the reader and this very page, as its address names it, or None."""
    ledger, caller = ledger_of(request), signed_in(request)
    try:
        name = UUID(request.query_params.get(KEPT_FORM, ""))
    except ValueError:
        return None
    upload = await find_upload(ledger.db, name)
    if caller is None or caller.person_id is None or upload is None or upload.person_id != caller.person_id:
        return None
    try:
        stored = KeptForm(**json.loads(await read_all(ledger, name)))
    except (ContentErased, ContentDamaged, ValueError, TypeError):  # another file of the reader's
        return None
    return SentForm(stored.inputs) if stored.path == request.url.path else None


async def with_uploads(form: SentForm, store: Callable[[bytes], Awaitable[str]]) -> SentForm:
    """Return the form with the id of an upload in the place of each file that was sent. `store` stores a file
    and returns the id of its upload.
    """
    inputs = dict(form.inputs)
    for pointer, files in form.files.items():
        if pointer == ALONG:
            inputs[ALONG] = [*inputs.get(ALONG, ()), *[f"{await store(f.content)} {f.name}" for f in files]]
            continue
        inputs[pointer] = [await store(files[0].content)]
        if not any(inputs.get(FILE_NAME, ())):
            inputs[FILE_NAME] = [files[0].name]
    return SentForm(inputs)


async def _stored(ledger: Ledger, sender: Caller, content: bytes) -> str:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    upload = await store_upload(ledger, IncomingUpload(uuid4(), sender, len(content), pieces(), utc_now()))
    return str(upload.id)
