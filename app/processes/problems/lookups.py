"""SQL that finds the first incident of a problem."""

from __future__ import annotations

FIRST_INCIDENT = """
select min(i.opened_at) from fold.link l join fold.incident i on l.other = 'incident/' || i.id
where l.record = %s and l.kind = 'causes'"""
