-- parts: cases
-- emergency_share: of the changes that were started, those that were emergencies then.
decided as (
  select start.stream, start.rank, start.occurred_at as at, case when (
      select told->>'type' from event where event.stream = start.stream and event.rank <= start.rank and told ? 'type'
      order by event.rank desc limit 1
    ) = 'emergency' then 1 else 0 end as numerator, 1 as denominator
  from start
)
