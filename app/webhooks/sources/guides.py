"""How-to pages of the tools, written from their adapters' own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.webhooks.adapters import adapter, tools
from app.webhooks.mapping.document import Entry, MappingDocument, Values, VerificationScheme

HOST = "https://<host>"
USUAL_PATH = "/v1/webhooks/<key>"
SCHEMES = {
    "basic": "basic authentication: the source's user name, and the secret as the password",
    "bearer": "`Authorization: Bearer <secret>`",
    "standard_webhooks": "a signature after Standard Webhooks: `webhook-id`, `webhook-timestamp`, "
    "`webhook-signature`",
}
KINDS = {"ticket": "tickets", "comment": "comments", "alert": "alerts"}


def pages() -> Iterator[tuple[str, str]]:
    """Yield each tool's key with its page, as Markdown."""
    for tool in tools():
        yield tool, as_markdown(tool, adapter(tool).document)


def as_markdown(tool: str, document: MappingDocument) -> str:
    """Return the how-to page of a tool."""
    path = USUAL_PATH if document.guide is None else document.guide.path or USUAL_PATH
    lines = [
        f"# Take webhooks of {document.title or tool}",
        "",
        f"This page is written from `app/webhooks/adapters/{tool}.toml` by `make contract`. What holds for "
        "every source stands in [webhooks.md](../../webhooks.md).",
        "",
        "## Set it up",
        "",
        f'1. Add a source: `POST /v1/webhook_sources` with `"adapter": "{tool}"`, a `key` and a `title`. The '
        "answer shows the secret once.",
        f"2. In the tool, enter the address `{HOST}{path}` and the secret.",
        "3. Have a sample come in: `POST /v1/webhook_sources/{id}/send_sample`.",
        "",
        *_setup(document),
        "## How deliveries are verified",
        "",
        "One of these is needed:" if len(document.verification) > 1 else "This is needed:",
        "",
        *(f"- {_scheme(each)}" for each in document.verification),
        "",
        "## What becomes of what",
        "",
        *_bullets(() if document.guide is None else document.guide.becomes),
        *_tables(document),
        *_remarks(document),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _setup(document: MappingDocument) -> list[str]:
    guide = document.guide
    if guide is None:
        return []
    lines = [f"Where: {guide.where}", ""]
    if guide.header:
        lines += [f"Header: {guide.header}", ""]
    if guide.events:
        lines += ["Events to tick:", "", *(f"- {event}" for event in guide.events), ""]
    return lines


def _scheme(verification: VerificationScheme) -> str:
    if verification.scheme == "token":
        return f"the secret in the header `{verification.header}`"
    if verification.scheme != "hmac":
        return SCHEMES[verification.scheme]
    signed = "" if verification.signed == "{body}" else f" of `{verification.signed}`"
    prefix = f", after `{verification.prefix}`" if verification.prefix else ""
    time = (
        f"; the time signed stands in `{verification.timestamp_header}`"
        if verification.timestamp_header
        else ""
    )
    algorithm = verification.algorithm.upper()
    return f"`{verification.header}`: HMAC-{algorithm}{signed} in {verification.encoding}{prefix}{time}"


def _tables(document: MappingDocument) -> Iterator[str]:
    """Yield a table for each list of codes; the same one is shown once."""
    tables: list[tuple[str, Mapping[str, object]]] = []
    for entry in document.news:
        for name in Values.model_fields:
            meanings: Mapping[str, object] = getattr(entry.values, name)
            if not meanings or (name, meanings) in tables:
                continue
            tables.append((name, meanings))
            yield from _table(entry, name, meanings)


def _table(entry: Entry, name: str, meanings: Mapping[str, object]) -> Iterator[str]:
    yield f"### `{name}` of {KINDS[entry.kind.value]}"
    yield ""
    yield "| there | here |"
    yield "|---|---|"
    for value, meaning in meanings.items():
        yield f"| {'any other' if value == '*' else _cell(value)} | {_meaning(meaning)} |"
    yield ""


def _meaning(meaning: object) -> str:
    if isinstance(meaning, dict):
        return ", ".join(f"`{part}`" for part in meaning.values())
    return "stays as it is" if meaning == "keep" else f"`{meaning}`"


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _remarks(document: MappingDocument) -> Iterator[str]:
    yield "## Good to know"
    yield ""
    yield (
        "- Its deliveries have no id: what equals the last heard of its ticket or alert is a repetition, "
        "and what equals an older one is news."
        if document.delivery.id is None
        else "- A repetition is known by the delivery's id and bytes. Where the id is missing, what equals "
        "the last heard of its ticket or alert is one, and what equals an older one is news."
    )
    remarks = () if document.guide is None else document.guide.remarks
    yield from _bullets(remarks) or [""]
    if document.ignored:
        yield "Deliveries that lead to nothing are kept as ignored:"
        yield ""
        yield from _bullets(tuple(dict.fromkeys(ignored.why for ignored in document.ignored)))


def _bullets(sentences: tuple[str, ...]) -> list[str]:
    return [*(f"- {sentence}" for sentence in sentences), ""] if sentences else []
