-- parts: cases
-- emergency_share: of the changes that were started, those that were emergencies then. Of a change without a type it is not
-- known.
kind as (
  select start.stream, start.rank, start.occurred_at as at, (
      select told->>'type' from event where event.stream = start.stream and event.rank <= start.rank and told ? 'type'
      order by event.rank desc limit 1
    ) as type
  from start
),
decided as (
  select stream, rank, at, case when type = 'emergency' then 1 else 0 end as numerator, 1 as denominator,
    case when type is null then 'unknown' end as left_out
  from kind
)
