"""What the form of a page sends: its inputs by their names, and its files. All of it is bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

from app.api.authentication.auth import ledger_of, signed_in
from app.api.requests.raw_bodies import is_form_with_files

#: What browsers send without files.
URLENCODED = "application/x-www-form-urlencoded"
MOST_INPUTS = 5_000
MOST_FILES = 20
LONGEST_FILE_NAME = 1_000


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
        """Return the first value of that name; an empty text if there is none."""
        return next(iter(self.inputs.get(name, ())), "")


async def sent_form(request: Request) -> SentForm:
    """Return what the form has sent. One with files is read for somebody who is signed in only.

    Raises HTTPException (400, 413), which is answered with a page, and ClientDisconnect.
    """
    content_type = request.headers.get("content-type", "").lower()
    if is_form_with_files(request.scope):
        # Browsers write UTF-8 and say nothing of it; some charsets take very long to decode.
        if signed_in(request) is None or "charset" in content_type:
            raise HTTPException(400)
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
