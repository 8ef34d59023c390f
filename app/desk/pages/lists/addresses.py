"""Addresses of lists (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from app.api.pages.page_paths import DESK, own_address


def address_of_list(kind: str, parameters: Mapping[str, str]) -> str:
    """Return the address of the list of that kind with these parameters."""
    return f"{DESK}/{kind}?{urlencode(parameters)}" if parameters else f"{DESK}/{kind}"


def list_address_or(text: str, kind: str) -> str:
    """Return the text if it is an address of the list of that kind; else the list without parameters."""
    address = own_address(text)
    return address if urlsplit(address).path == f"{DESK}/{kind}" else f"{DESK}/{kind}"
