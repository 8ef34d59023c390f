-- parts: cases
-- acceptance_first_pass: of the requests that were first judged, accepted or not, those that were accepted.
decided as (
  select distinct on (stream) stream, rank, occurred_at as at,
    case when type = 'request.accepted' then 1 else 0 end as numerator, 1 as denominator
  from event where type in ('request.accepted', 'request.acceptance_failed') order by stream, rank
)
