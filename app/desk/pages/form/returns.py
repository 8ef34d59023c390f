"""The page that a form returns to, if another one than that of the record has led to the form."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from app.api.pages.page_paths import START, own_address
from app.desk.pages.context import Desk

#: The parameter of a form's address that names the page.
RETURN = "return"
FIRST_STEPS_PATH = "/desk/first-steps"


def page_to_return_to(desk: Desk) -> str | None:
    """Return the address of the page to return to once the form is sent; None: that of the record."""
    address = own_address(desk.request.query_params.get(RETURN))
    return None if address == START else address


def return_link(desk: Desk) -> tuple[str, str] | None:
    """Return the address and label of the link to the page that has led here; None: no form has."""
    address = page_to_return_to(desk)
    if address is None:
        return None
    is_first_steps = urlsplit(address).path == FIRST_STEPS_PATH
    return address, desk.sentence("back_to_first_steps" if is_first_steps else "return_to_page")


def with_return(desk: Desk, address: str) -> str:
    """Return the address, from which the reader gets back to the page that has led here."""
    returns_to = page_to_return_to(desk)
    if returns_to is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({RETURN: returns_to})}"
