"""SQL that finds the changes of a person that a freeze hinders."""

from __future__ import annotations

#: Changes of the person that the freeze hinders: those that take place or want to take place in it.
HINDERED_CHANGES = """
select c.number from fold.change c, schedule.freeze_window w
where w.freeze_id = %(freeze)s and c.state = any(%(states)s)
  and (%(person)s in (c.requester_id, c.reported_by_id, c.assignee_id)
    or %(person)s::text = any(c.implementer_ids))
  and coalesce(c.window_from_at, c.wanted_from_at) is not null
  and coalesce(c.window_until_at, c.wanted_until_at) is not null
  and w.during && tstzrange(
    coalesce(c.window_from_at, c.wanted_from_at), coalesce(c.window_until_at, c.wanted_until_at))
  and schedule.concerns(
    w, coalesce(c.services, '{}') || coalesce(c.ci_services, '{}'), coalesce(c.ci_classes, '{}'))
order by c.number limit 1"""

#: Whether the freeze concerns what the change touches, and the window that it has or wants.
IS_COVERED = """
select schedule.concerns(
    w, coalesce(c.services, '{}') || coalesce(c.ci_services, '{}'),
    coalesce(c.ci_classes, array(select i.ci_class from fold.ci i where i.id::text = any(c.ci_ids))))
  and (c.state in ('implementing', 'implemented') or coalesce(c.wanted_from_at, c.window_from_at) is null
    or c.wanted_from_at is not null and w.during && tstzrange(c.wanted_from_at, c.wanted_until_at)
    or c.window_from_at is not null and w.during && tstzrange(c.window_from_at, c.window_until_at))
    as is_covered
from schedule.freeze_window w, fold.change c where w.freeze_id = %(freeze)s and c.id = %(change)s"""
#: A freeze in force from which an exception for the change was requested and is not refused.
EXCEPTION_ASKED = """
select f.title from fold.freeze_exception x join fold.freeze f on x.record = 'freeze/' || f.id
where x.change_id = %(change)s and f.state = 'declared' and f.until_at > %(now)s
  and (x.granted_at is not null
    or exists (select from fold.decision d where d.id = x.decision_id and d.state = 'open'))
order by x.asked_at limit 1"""
