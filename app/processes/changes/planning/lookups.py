"""Reads of questionnaires, items and windows of changes, for decisions that depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.access.reads import Constraint, ReadContext
from app.processes.changes.policies.records import Freeze

#: Most changes that a freeze names as scheduled in it.
MOST_HIT = 500

#: The questionnaire that was set last, with the version of its stream.
QUESTIONNAIRE = """
select q.*, h.stream, h.version as stream_version
from fold.risk_questionnaire q join log.stream_head h on h.stream = 'risk_questionnaire/' || q.id
where q.awaits_agreement is not true
order by q.set_at desc, q.id desc limit 1
"""
QUESTIONNAIRE_STREAMS = """
select h.stream, h.version as stream_version from fold.risk_questionnaire q
  join log.stream_head h on h.stream = 'risk_questionnaire/' || q.id
"""
#: Configuration items by their keys or ids, and keys by ids.
CIS_BY_NAME = """
select id, key, ci_class, services from fold.ci where key = any(%(names)s) or id::text = any(%(names)s)
"""
#: The classes of items and the services that they serve.
CI_SCOPES = "select ci_class, services from fold.ci where id = any(%s) order by id"
CIS_OF_CHANGE = "select id::text, ci_class, services from fold.ci where id = any(%s) order by id"
#: Services of the named items, and of all items of the named classes.
SERVICES_OF_ITEMS = """
select distinct s.service from fold.ci c, unnest(c.services) s(service)
where c.id = any(%s) or c.ci_class = any(%s) order by s.service"""
#: The criticalities of services, and whether other items depend on those items.
CRITICALITIES = "select distinct criticality from fold.service where key = any(%s) and state <> 'retired'"
HAS_DEPENDENTS = """
select exists (
  select from fold.ci_relation r join fold.ci c on c.id = r.from_ci_id and c.state <> 'retired'
  where r.to_ci_id = any(%(items)s) and r.from_ci_id <> all(%(items)s) and r.kind = any(%(to_start)s)
) or exists (
  select from fold.ci_relation r join fold.ci c on c.id = r.to_ci_id and c.state <> 'retired'
  where r.from_ci_id = any(%(items)s) and r.to_ci_id <> all(%(items)s) and r.kind = any(%(to_end)s)
) as depends"""
#: Whether a service is recorded as critical or highly critical: one of those items', or a named one.
IS_CRITICAL = f"""
select exists (
  select from fold.service v where v.criticality in ('critical', 'high') and v.state <> 'retired'
    and (v.key in (select service from ({SERVICES_OF_ITEMS}) of_items) or v.key = any(%s))) as critical"""
#: Those of these templates that have low risk and a service recorded as important by now.
OUTGROWN_TEMPLATES = """
select t.id from fold.change_template t
where t.id = any(%s) and t.risk_level = 'low' and exists (
  select from fold.service v
  where v.criticality in ('critical', 'high') and v.state <> 'retired'
    and (v.key = any(t.services) or exists (
      select from fold.ci c
      where v.key = any(c.services) and (c.id::text = any(t.ci_ids) or c.ci_class = any(t.ci_classes)))))"""
#: Other changes of the same title, items or services that were rejected since a time, the newest first.
REJECTED_LATELY = """
select number from fold.change
where state = 'rejected' and rejected_at > %(since)s and id <> %(id)s
  and (lower(title) = lower(%(title)s) or ci_ids && %(items)s::text[] or services && %(services)s::text[]
    or ci_services && %(services)s::text[])
order by rejected_at desc limit 3"""
CI_KEYS = "select key from fold.ci where id = any(%s) order by key"
# By the index change_window_during.
HIT = """
select w.change_id::text as id from schedule.change_window w
where w.during && tstzrange(%(from_at)s::timestamptz, %(until_at)s::timestamptz)
  and schedule.concerns(
    row(%(id)s::uuid, null::tstzrange, %(everything)s::boolean, %(services)s::text[], %(ci_classes)s::text[])
      ::schedule.freeze_window,
    w.services, w.ci_classes)
order by lower(w.during), w.change_id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class ChangesHit:
    """The ids of the changes that are scheduled in a freeze, the earliest first. `truncated`: there are
    more.
    """

    ids: tuple[str, ...]
    truncated: bool


async def changes_hit(
    reads: ReadContext, freeze: Freeze, from_at: datetime, until_at: datetime
) -> ChangesHit:
    """Return the changes whose windows overlap that period and which the freeze concerns. If another one is
    scheduled in it meanwhile, the command is decided again.
    """
    parameters = {
        "id": freeze.id,
        "from_at": from_at,
        "until_at": until_at,
        "everything": bool(freeze.everything),
        "services": freeze.services or [],
        "ci_classes": freeze.ci_classes or [],
        "limit": MOST_HIT + 1,
    }
    rows = await reads.rows(HIT, parameters, guard=Constraint("freeze_window_hits"))
    return ChangesHit(tuple(row["id"] for row in rows[:MOST_HIT]), truncated=len(rows) > MOST_HIT)
