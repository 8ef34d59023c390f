"""Queries about tickets, their comments and attempts at them, for writing to a tool."""

from __future__ import annotations

from app.processes.incidents.lifecycle import LIFECYCLE

REFERENCE_OF = """
select key, number, url from fold.external_reference where record = %s and source = %s limit 1"""
RECORD = f"select * from {LIFECYCLE.table} where id = %s"
COMMENTS = "select id, text, visibility, withdrawn_at from fold.comment where id = any(%s)"
EMAIL = "select email from fold.person where id = %s and state = 'active'"
REFUSED_BEFORE = """
select 1 from deliveries.attempt
where subscription_id = %s and position = %s and outcome <> 'delivered' limit 1"""
#: Whether a ticket was reported after a subscription was added.
REPORTED_SINCE = """
select (select position from log.event where stream = %s and version = 1)
  > (select position from log.event where stream = 'subscription/' || %s::text and version = 1)"""
