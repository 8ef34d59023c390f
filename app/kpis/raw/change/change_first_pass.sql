-- parts: cases
-- change_first_pass: of the changes whose implementation ended, those that went well at the first attempt. As its review
-- says, but never if it was backed out, failed, or is linked to an incident as its cause; before the review, if it was
-- implemented once, within its window (an emergency has none). It is not known where neither says so: no window or start is known, or not the type of
-- what was outside of its window; or it was closed with no word of how it went.
planned as (
  select outcome.stream,
    (array_agg(told->>'type' order by event.rank desc) filter (where told ? 'type'))[1] as type,
    (array_agg(told->>'window_from_at' order by event.rank desc) filter (where told ? 'window_from_at'))[1]::timestamptz as from_at,
    (array_agg(told->>'window_until_at' order by event.rank desc) filter (where told ? 'window_until_at'))[1]::timestamptz as until_at
  from outcome join event on event.stream = outcome.stream and event.rank <= outcome.rank
  group by outcome.stream
),
judged as (
  select outcome.stream, outcome.rank, outcome.occurred_at as at, case
      when review.outcome in ('failed', 'backed_out') then 0
      when exists (select from turn where turn.stream = outcome.stream and turn.state = 'backed_out') then 0
      when exists (select from caused where caused.stream = outcome.stream) then 0
      when review.first_pass is not null then review.first_pass::integer
      when (select count(*) from entry where entry.stream = outcome.stream and entry.state = 'implemented') > 1 then 0
      when (select count(*) from entry where entry.stream = outcome.stream and entry.state = 'implementing') > 1 then 0
      when planned.type <> 'emergency' and (start.occurred_at < from_at or outcome.occurred_at > until_at) then 0
      when outcome.stream in (select stream from unjudged) then null
      when planned.type = 'emergency' then 1
      when start.occurred_at >= from_at and outcome.occurred_at <= until_at then 1
    end::bigint as numerator, 1 as denominator,
    case when review.first_pass is null then 'computed' else 'reviewed' end as verdict
  from outcome join planned using (stream) left join review using (stream) left join start using (stream)
),
decided as (
  select *, case when numerator is null then 'unknown' end as left_out from judged
)
