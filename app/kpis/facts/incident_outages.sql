-- When its service was touched. Of each of its turns, the first and those after a reopening: from when the outage began, or
-- else from the opening or reopening, until service was back, or else until it was resolved. In between the effect is what
-- was thought of it then; that of the opening holds from the beginning. All in whole seconds, with the service and the
-- category that it has at last.
affected as materialized (
  select *, (count(*) filter (where again) over in_order)::integer as turn
  from (
    select case_id, place, occurred_at, position, opened_at, opened_position, mark, effect, effect_reported, service, category,
      began_named,
      tells_restored, restored_named, any_irregular,
      coalesce(mark = 'open' and ended_place > lag(open_place) over in_order, false) as again
    from decided
    where case_id in (select case_id from decided where effect in ('degraded', 'down') and excluded is null)
    window in_order as (partition by case_id order by place)
  ) marked
  window in_order as (partition by case_id order by place)
),
affected_last as (
  select distinct on (case_id) case_id, service, category, began_named::timestamptz as began_at, effect_reported from affected
  order by case_id, place desc
),
affected_turn as (
  select case_id, turn, began_at is null and turn = 0 as inferred,
    case when turn = 0 then coalesce(began_at, opened_at) else greatest(begun_at, opened_at) end as begins,
    coalesce(restored_at, resolved_at, closed_at, 'infinity') as ends
  from (
    select case_id, turn, min(opened_at) as opened_at, min(occurred_at) filter (where again) as begun_at,
      (array_agg(restored_named order by place desc) filter (where tells_restored))[1]::timestamptz as restored_at,
      (array_agg(occurred_at order by place desc) filter (where mark = 'resolved'))[1] as resolved_at,
      (array_agg(occurred_at order by place desc) filter (where mark = 'closed'))[1] as closed_at
    from affected group by case_id, turn
  ) turned join affected_last using (case_id)
),
affected_so as (
  select *, case when place = 1 then '-infinity' else occurred_at end as since,
    lead(occurred_at, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, effect is distinct from lag(effect) over (partition by case_id order by place) as other from affected
  ) compared
  where place = 1 or other
),
incident_outage as (
  select case_id, (row_number() over (partition by case_id order by since, until, place, turn))::integer as n, effect, service,
    category, since, until, inferred, any_irregular as irregular, position, opened_position
  from (
    select so.case_id, so.place, turned.turn, so.effect, affected_last.service, affected_last.category, inferred, any_irregular,
      position, opened_position, date_trunc('second', greatest(so.since, turned.begins)) as since,
      date_trunc('second', least(so.until, turned.ends)) as until
    from affected_so so join affected_turn turned using (case_id) join affected_last using (case_id)
    -- What users only report is no outage until it is confirmed: then it counts from its beginning.
    where so.effect in ('degraded', 'down') and affected_last.service is not null and affected_last.effect_reported is null
  ) cut
  where since < until
),
