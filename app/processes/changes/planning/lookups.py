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
CI_SCOPES = "select id, ci_class, services from fold.ci where id = any(%s) order by id"
CIS_OF_CHANGE = "select id::text, ci_class, services from fold.ci where id = any(%s) order by id"
#: Services of the named items, and of all items of the named classes.
SERVICES_OF_ITEMS = """
select distinct s.service from fold.ci c, unnest(c.services) s(service)
where c.id = any(%s) or c.ci_class = any(%s) order by s.service"""
SERVICE_STREAMS = "select 'service/' || id as stream from fold.service where key = any(%s)"
#: Services that somebody has put into use.
KNOWN_SERVICES = "select key from fold.service where key = any(%s) and state <> 'proposed'"
#: Whether other items depend on those items.
HAS_DEPENDENTS = """
select exists (
  select from fold.ci_relation r join fold.ci c on c.id = r.from_ci_id and c.state <> 'retired'
  where r.to_ci_id = any(%(items)s) and r.from_ci_id <> all(%(items)s) and r.kind = any(%(to_start)s)
) or exists (
  select from fold.ci_relation r join fold.ci c on c.id = r.to_ci_id and c.state <> 'retired'
  where r.from_ci_id = any(%(items)s) and r.to_ci_id <> all(%(items)s) and r.kind = any(%(to_end)s)
) as depends"""
#: Condition that the template `t` has low risk although one of its services is now important.
IS_OUTGROWN = """t.risk_level = 'low' and exists (
  select from fold.service v
  where v.criticality in ('critical', 'high') and v.state <> 'retired'
    and (v.key = any(t.services) or exists (
      select from fold.ci c
      where v.key = any(c.services) and (c.id::text = any(t.ci_ids) or c.ci_class = any(t.ci_classes)))))"""
#: Outgrown templates among the given ones.
OUTGROWN_TEMPLATES = f"select t.id from fold.change_template t where t.id = any(%s) and {IS_OUTGROWN}"
#: The approved templates that are used though their services are more important than when they were approved,
#: or though two of their last ten changes since then failed, were backed out or caused incidents.
TO_RENEW = f"""
select t.id, h.stream, e.id as cause, e.correlation_id, h.version,
  case when {IS_OUTGROWN} then 'risk' else 'failures' end as because
from fold.change_template t join log.stream_head h on h.stream = 'change_template/' || t.id
  join log.event e on e.stream = h.stream and e.version = h.version
where t.state = 'approved' and t.outgrown_at is null and ({IS_OUTGROWN} or (
  select count(*) filter (where failed) >= 2 from (
    select c.backed_out_at is not null or c.outcome in ('failed', 'backed_out')
        or cardinality(v.caused_incident_ids) > 0 as failed
    from fold.change c left join fold.change_review v on v.id = c.id
    where c.template = t.key
      and coalesce(c.implemented_at, c.backed_out_at) >= coalesce(t.renewed_at, t.approved_at)
    order by c.opened_at desc, c.id desc limit 10) latest))
order by t.key"""
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
