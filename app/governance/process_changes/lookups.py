"""SQL that finds the teams that a change of a process concerns."""

from __future__ import annotations

#: The case was opened before the application, by somebody else than the applicant.
OPENED_BY_OTHERS = """ and exists (
  select from log.event e where e.stream = '{kind}/' || r.id and e.version = 1
    and e.recorded_at < %(applied_at)s and e.actor <> %(applicant)s
    and e.on_behalf_of is distinct from %(applicant)s)"""
NAMES_OF_TEAMS = "select name from fold.team where id::text = any(%s) order by name"
