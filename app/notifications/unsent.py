"""Mails of notices that did not reach the mail server: those that wait for another try, and those that it
refused, or that were given up, of late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.notifications.records import DeliveryFailure

#: A mail that was given up counts as unsent for so long; by then, people have read it in the application.
UNSENT_FOR = timedelta(days=7)
# Uses the indexes mail_deferred and notice_given_up. People without an address, or who are no longer
# concerned, are left out: that is not a fault of the mail server.
UNSENT = f"""
select n.id, n.person_id, n.steps, n.sent_at, n.failed_at, n.failure, m.attempts, m.due_at as next_try_at,
  m.why
from deliveries.mail m join fold.notice n on n.id = m.notice_id
where m.why is not null and n.mailed_at is null and n.failed_at is null
union all
select n.id, n.person_id, n.steps, n.sent_at, n.failed_at, n.failure, null, null, null
from fold.notice n
where n.failure in ('{DeliveryFailure.given_up}', '{DeliveryFailure.refused}')
  and n.failed_at > %(given_up_after)s"""


def since(now: datetime) -> dict[str, Any]:
    """Return the parameters of UNSENT at that instant."""
    return {"given_up_after": now - UNSENT_FOR}
