"""Adapters: the shipped mappings, one file of data for each tool; and mail, which needs no mapping."""

from __future__ import annotations

from functools import cache
from importlib import resources

from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.parse import parse_mapping

#: The key of the adapter of mails.
MAIL = "mail"
#: The key of the adapter of events in the form of PagerDuty, which name their source by its secret.
PAGERDUTY_EVENTS = "pagerduty_events"
MAIL_TITLE = "E-mail"
_SUFFIX = ".toml"


@cache
def tools() -> tuple[str, ...]:
    """Return the keys of the tools that have an adapter file."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in files if f.name.endswith(_SUFFIX)))


@cache
def adapter_keys() -> frozenset[str]:
    """Return the keys of all adapters."""
    return frozenset({*tools(), MAIL})


@cache
def adapter(tool: str) -> Mapping:
    """Return the adapter of a tool. Raises KeyError for an unknown tool."""
    return parse_mapping(read_adapter(tool), tool)


def read_adapter(tool: str) -> str:
    """Return the text of the tool's adapter. Raises KeyError for an unknown tool."""
    if tool not in tools():
        raise KeyError(tool)
    return resources.files(__name__).joinpath(tool + _SUFFIX).read_text(encoding="utf-8")


def adapter_titles() -> dict[str, str]:
    """Return the title of each adapter by its key. This reads all of them."""
    return {str(each["key"]): str(each["title"]) for each in adapter_texts()}


def adapter_texts() -> list[dict[str, str | None]]:
    """Return key, title and mapping of each adapter."""
    texts: list[dict[str, str | None]] = [
        {"key": tool, "title": adapter(tool).document.title or tool, "mapping": read_adapter(tool)}
        for tool in tools()
    ]
    return [*texts, {"key": MAIL, "title": MAIL_TITLE, "mapping": None}]
