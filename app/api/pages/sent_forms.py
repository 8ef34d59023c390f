"""Content of a submitted form: its inputs by their names, and its files. All of it is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

from app.api.authentication.auth import ledger_of, signed_in
from app.api.requests.raw_bodies import is_form_with_files

#: Media type that browsers send for a form without files.
URLENCODED = "application/x-www-form-urlencoded"
MOST_INPUTS = 5_000
MOST_FILES = 20
LONGEST_FILE_NAME = 1_000
#: The first part of a form with files, if it is a text, and how far it is looked for.
FIRST_INPUT = re.compile(
    rb'--[^\r\n]+\r\nContent-Disposition: form-data; name="[^"\r\n]+"\r\n\r\n([^\r\n]*)\r\n', re.I
)
LONGEST_FIRST_INPUT = 2_000


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that a form has sent, by the name that the browser gives it; not empty."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SentForm:
    """The values of a form by the names of their inputs, each in the order of the form, and its files."""

    inputs: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[SentFile]] = field(default_factory=dict)

    def first_value(self, name: str) -> str:
        """Return the first value of that name, or an empty text."""
        return next(iter(self.inputs.get(name, ())), "")


async def sent_form(request: Request, may_send_files: Callable[[str], bool] | None = None) -> SentForm:
    """Return what the form has sent. A form with files is read only if its sender is signed in, or if
    `may_send_files` accepts the value of its first input.

    Raises HTTPException (400, 413), which is answered with a page, and ClientDisconnect.
    """
    content_type = request.headers.get("content-type", "").lower()
    if is_form_with_files(request.scope):
        # Browsers write UTF-8 without declaring it, and some charsets take very long to decode.
        if "charset" in content_type:
            raise HTTPException(400)
        if signed_in(request) is None:
            request = await _checked(request, may_send_files)
        return await _multipart(request)
    if content_type.partition(";")[0].strip() not in (URLENCODED, ""):
        raise HTTPException(400)
    form = SentForm()
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_INPUTS)
    except ValueError as error:
        raise HTTPException(400) from error
    for name, value in pairs:
        form.inputs.setdefault(name, []).append(value)
    return form


async def _checked(request: Request, may_send_files: Callable[[str], bool] | None) -> Request:
    """Return a request with the same body, whose first input is accepted. Raises HTTPException (400)."""
    begin, messages = b"", list[Message]()
    while len(begin) < LONGEST_FIRST_INPUT and (not messages or messages[-1].get("more_body")):
        messages.append(await request.receive())
        begin += messages[-1].get("body", b"")
    match = FIRST_INPUT.match(begin[:LONGEST_FIRST_INPUT])
    if may_send_files is None or match is None or not may_send_files(match[1].decode("ascii", "replace")):
        raise HTTPException(400)

    async def receive() -> Message:
        return messages.pop(0) if messages else await request.receive()

    return Request(request.scope, receive)


async def _multipart(request: Request) -> SentForm:
    settings = ledger_of(request).settings
    # Texts are measured together, below.
    largest = settings.upload_limit + settings.body_limit
    form = SentForm()
    parts = await request.form(max_files=MOST_FILES, max_fields=MOST_INPUTS, max_part_size=largest)
    try:
        values = [value for _, value in parts.multi_items()]
        if sum(len(value) for value in values if isinstance(value, str)) > settings.body_limit:
            raise HTTPException(413, detail=str(settings.body_limit))
        for name, value in parts.multi_items():
            if isinstance(value, str):
                form.inputs.setdefault(name, []).append(value)
            elif (value.size or 0) > settings.upload_limit:
                raise HTTPException(413, detail=str(settings.upload_limit))
            elif value.size:  # where nothing was chosen, browsers send an empty file without a name
                sent = SentFile((value.filename or "")[:LONGEST_FILE_NAME], await value.read())
                form.files.setdefault(name, []).append(sent)
    finally:
        await request.close()
    return form
