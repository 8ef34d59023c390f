-- What the events from position `first` to `last` say of breaches: why a target was missed, and that a breach is none. The
-- first may be said again, of the same or of another clock; neither depends on what else happened.
with cause as (
  select substr(said.name, 14)::uuid as id, split_part(stream, '/', 2)::uuid as case_id,
    jsonb_object_agg(field.key, field.value order by position) as told
  from log.told cross join lateral jsonb_each(data->'set') said(name, row) cross join lateral jsonb_each(nullif(said.row, 'null')) field
  where position between %(first)s and %(last)s and type like '%%.breach_cause_stated' and starts_with(said.name, 'breach_cause/')
  group by 1, 2
),
stated as (
  insert into kpi.breach_cause as old (id, case_id, agreement_type, metric, cause)
  select id, case_id, told->>'agreement_type', told->>'metric', told->>'cause' from cause where told->>'cause' is not null
  on conflict (id) do update set cause = excluded.cause
),
withdrawn as (
  select told.position, split_part(told.stream, '/', 2)::uuid as clock_id, about, occurred_at, data->'clock' as said
  from log.told join log.stream_head on stream_head.stream = told.stream
  where position between %(first)s and %(last)s and type = 'clock.breach_withdrawn' and data->'clock'->>'agreement_type' = 'SLA'
)
insert into kpi.breach_withdrawn (position, clock_id, case_id, at, agreement_id, metric, cause, priority, team_id, service, channel,
  category, assignee_id, customer_id, opened_position)
select position, clock_id, split_part(about, '/', 2)::uuid, occurred_at, (said->>'agreement')::uuid, said->>'metric',
  coalesce(said->>'because', 'unknown'), known->>'priority', (known->>'team_id')::uuid, known->>'service', known->>'channel',
  known->>'category', (known->>'assignee_id')::uuid, (known->>'customer_id')::uuid, opened_position
from withdrawn cross join lateral (
  -- The case as the log had it then: the opening as it was told last, then by when it happened, without what another event
  -- was told instead of.
  select jsonb_object_agg(field.key, field.value order by
      before.version > 1, before.data->'instead' is distinct from '1', before.occurred_at, before.position) as known,
    min(before.position) as opened_position
  from log.told before
  cross join lateral jsonb_each(coalesce(before.data->'late'->about, '{}') || coalesce(before.data->'set'->about, '{}')) field
  where before.stream = about and before.position < withdrawn.position
    and not exists (
      select from log.told later
      where later.stream = about and later.position < withdrawn.position and case before.data->'instead'
        when '1' then later.data->'instead' = '1' and later.version > before.version
        else before.version > 1 and (later.data->>'instead')::integer = before.version
      end)
) so_far
on conflict do nothing
