"""What a ticket is about is not retired."""

from __future__ import annotations

from typing import Any

from app.base.cis.checks import named_is_retired
from app.common.categories import CategoryState
from app.common.services import ServiceState
from app.common.tickets import Ticket
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue


async def of_what_is_retired(look: Look, ticket: Ticket, body: Any, at: Moment) -> None:
    """Nothing new comes of what is retired: of the service, the configuration item and the category that the
    body names. A key that nobody here knows is another tool's, and taken.
    """
    service_key, category_key = getattr(body, "service", None), getattr(body, "category", None)
    await named_is_retired(look, getattr(body, "ci", None), "/ci")
    if service_key is not None:
        service = await look.record("service", service_key)
        if service is not None and service.record.state is ServiceState.retired:
            raise WrongValue(pointer="/service", because="service_retired")
    if category_key is not None:
        category = await look.category(ticket.KIND, category_key)
        if category is not None and category.state is CategoryState.retired:
            raise WrongValue(pointer="/category", because="category_retired")
