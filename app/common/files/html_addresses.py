"""Targets of links and pictures in HTML, in words that people read (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import unquote, urljoin

from app.common.files.data_files import name_of_taken
from app.common.files.html_attributes import SPACES

# Addresses that lead nowhere outside of the page, or that only programs use.
_NO_ADDRESS = re.compile(
    r"#|(?:about|blob|cid|data|javascript|mid|vbscript|x-apple-[a-z-]+)\s*:", re.IGNORECASE
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TINY = re.compile(r"(?<![\w-])(?:width|height)\s*:\s*[01](?:px|pt|\s|;|\Z)", re.IGNORECASE)


class Addresses:
    """The addresses of a page, which may be relative to its own. `pictures` are the names of those that came
    with it, by their Content-ID.
    """

    def __init__(self, pictures: Mapping[str, str]) -> None:
        self._pictures = pictures
        #: Base of relative addresses; empty if unknown.
        self.base = ""

    def address(self, sent: str) -> str:
        """Return the address that is meant; empty if it leads nowhere."""
        address = "".join(sent.split("\n")).strip()
        if (file_name := name_of_taken(address)) is not None:
            return file_name or address
        if not address or _NO_ADDRESS.match(address):
            return ""
        if self.base and not _SCHEME.match(address) and not address.startswith("\\\\"):
            with suppress(ValueError):
                return urljoin(self.base, address)
        return address

    def picture(self, name: str, attributes: dict[str, str]) -> str:
        """Return the description of a picture, or its address without one; for a picture of one pixel an
        empty text, since it only counts readers.
        """
        description = SPACES.sub(" ", attributes.get("alt", "")).strip()
        if name == "area":
            address = self.address(attributes.get("href", ""))
            return " ".join(filter(None, (description and f"[{description}]", address and f"<{address}>")))
        source = attributes.get("src", "").strip()
        file_name = name_of_taken(source)
        is_tiny = {attributes.get("width"), attributes.get("height")} & {"0", "1"} or _TINY.search(
            attributes.get("style", "")
        )
        if file_name is None and source[:4].lower() == "cid:" and not is_tiny:
            file_name = self._pictures.get(unquote(source[4:]), "")
        if description or ("alt" in attributes and file_name is None):
            return f"[{description}]" if description else ""
        if file_name is not None:
            return f"[picture {file_name}]" if file_name else "[picture]"
        address = self.address(source)
        if not address or is_tiny:
            return ""
        return f"[picture <{address}>]"


def is_address_of(address: str, text: str) -> bool:
    """Return whether the text of a link is its address."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() in ("callto", "sms", "tel"):
        return re.sub(r"\D", "", rest) == re.sub(r"\D", "", text) != ""
    plain = address.removeprefix("mailto:").rstrip("/")
    forms = {plain, plain.removeprefix("https://"), plain.removeprefix("http://")}
    return bool(forms & {text, text.rstrip("/")})
