-- parts: cases, excluded
-- risks_moved: the risks that were identified or closed, and the assessments that have moved one to another level.
decided as (
  select stream, rank, occurred_at as at, case
      when rank = 1 then 'new' when type = 'risk.closed' then 'closed' else moved end as risk_event
  from (
    select event.*, (
        select earlier.told->>'move' from event earlier
        where earlier.stream = event.stream and earlier.rank <= event.rank and earlier.told ? 'move'
        order by earlier.rank desc limit 1
      ) as moved
    from event
  ) told_of
  where rank = 1 or type = 'risk.closed' or (type in ('risk.assessed', 'risk.reassessed') and moved in ('up', 'down'))
)
