"""The page that a form returns to, if another one than that of the record has led to the form."""

from __future__ import annotations

from app.api.pages.page_paths import START, own_address
from app.desk.pages.context import Desk

#: The parameter of a form's address that names the page.
RETURN = "return"


def page_to_return_to(desk: Desk) -> str | None:
    """Return the address of the page to return to once the form is sent; None: that of the record."""
    address = own_address(desk.request.query_params.get(RETURN))
    return None if address == START else address
