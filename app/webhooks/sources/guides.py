"""How-to pages of the tools, written from their adapters' own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.webhooks.adapters import adapter, tools
from app.webhooks.mapping.document import Entry, MappingDocument, Values, VerificationScheme

ORIGIN = "https://desk.example.org"
USUAL_PATH = "/v1/webhooks/<key>"
SCHEMES = {
    "basic": "basic authentication with the source's user name, and the secret as the password",
    "bearer": "`Authorization: Bearer <secret>`",
    "standard_webhooks": "a Standard Webhooks signature: `webhook-id`, `webhook-timestamp`, "
    "`webhook-signature`",
    "path": "the secret at the end of the address, as `/<secret>`",
}
KINDS = {
    "ticket": "tickets",
    "request": "requests",
    "deployment": "deployments",
    "comment": "comments",
    "alert": "alerts",
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield each tool's key with its page, as Markdown."""
    for tool in tools():
        yield tool, as_markdown(tool, adapter(tool).document)


def as_markdown(tool: str, document: MappingDocument) -> str:
    """Return the how-to page of a tool."""
    name = document.title or tool
    lines = [
        f"# Receive webhooks from {name[0].lower() + name[1:] if tool == 'generic' else name}",
        "",
        f"Generated from `app/webhooks/adapters/{tool}.toml` by `make contract`; do not edit.",
        "",
        f"This page shows administrators how to receive webhooks from "
        f"{name[0].lower() + name[1:] if tool == 'generic' else name}. "
        "[Webhooks](../../webhooks.md) explains everything that applies to all tools.",
        "",
        "## Set it up",
        "",
        *_setup(tool, document),
        "## How deliveries are verified",
        "",
        "A delivery must have one of these:" if len(document.verification) > 1 else "A delivery must have:",
        "",
        *(f"- {_scheme(each)}" for each in document.verification),
        "",
        "## How deliveries are read",
        "",
        *_bullets(() if document.guide is None else document.guide.becomes),
        *_tables(document),
        *_remarks(document),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _setup(tool: str, document: MappingDocument) -> list[str]:
    guide = document.guide
    path = (USUAL_PATH if guide is None else guide.path or USUAL_PATH).replace("<key>", tool)
    lines = [
        "1. Add a source, as an administrator. The response contains the secret, only once. `desk` comes "
        "from the [setup commands](../../README.md#begin).",
        "",
        "   ```bash",
        f"   KEY=$ADMIN desk webhook_sources -d "
        f'\'{{"key": "{tool}", "title": "{document.title or tool}", "adapter": "{tool}"}}\'',
        "   ```",
        "",
        f"2. In the tool, enter the address `{ORIGIN}{path}`, with your own host, and the secret.",
    ]
    if guide is not None:
        lines += [f"   - Place: {guide.where}"]
        lines += [f"   - Authentication: {guide.header}"] if guide.header else []
        lines += [f"   - Events: {'; '.join(guide.events)}"] if guide.events else []
    lines += [
        "",
        "3. Send a sample delivery, which opens an incident:",
        "",
        "   ```bash",
        f"   KEY=$ADMIN desk webhook_sources/{tool}/send_sample -X POST",
        "   ```",
        "",
    ]
    for paste in () if guide is None else guide.paste:
        lines += [f"### {paste.title}", ""]
        lines += [f"*Needs {paste.needs}.*", ""] if paste.needs else []
        lines += [f"```{paste.language}", paste.text.strip("\n"), "```", ""]
    return lines


def _scheme(verification: VerificationScheme) -> str:
    if verification.scheme == "token":
        return f"the secret in the header `{verification.header}`"
    if verification.scheme == "query":
        return f"the secret in the address, as `?{verification.parameter}=<secret>`"
    if verification.scheme == "amazon_sns":
        return (
            f"the secret in the address, as `?{verification.parameter}=<secret>`, and the signature of "
            "Amazon SNS. Its certificate is read from `https://sns.<region>.amazonaws.com`"
        )
    if verification.scheme != "hmac":
        return SCHEMES[verification.scheme]
    signed = "" if verification.signed == "{body}" else f" of `{verification.signed}`"
    prefix = f", after the prefix `{verification.prefix}`" if verification.prefix else ""
    time = (
        f"; `{verification.timestamp_header}` contains the signed time"
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
    yield "| in the tool | here |"
    yield "|---|---|"
    for value, meaning in meanings.items():
        yield f"| {'any other' if value == '*' else _cell(value)} | {_meaning(meaning)} |"
    yield ""


def _meaning(meaning: object) -> str:
    if isinstance(meaning, dict):
        return ", ".join(f"`{part}`" for part in meaning.values())
    return "unchanged" if meaning == "keep" else f"`{meaning}`"


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _remarks(document: MappingDocument) -> Iterator[str]:
    yield "## Good to know"
    yield ""
    yield (
        "- Deliveries have no id. A delivery is a repetition if its content equals that of the last delivery "
        "of the same ticket or alert."
        if document.delivery.id is None
        else "- A delivery is a repetition if an earlier delivery has the same id and content. "
        "A delivery without an id is compared with the last delivery of the same ticket or alert."
    )
    remarks = () if document.guide is None else document.guide.remarks
    yield from _bullets(remarks) or [""]
    if document.ignored:
        yield "Deliveries are ignored for these reasons:"
        yield ""
        yield from _bullets(tuple(dict.fromkeys(ignored.why for ignored in document.ignored)))


def _bullets(sentences: tuple[str, ...]) -> list[str]:
    return [*(f"- {sentence}" for sentence in sentences), ""] if sentences else []
