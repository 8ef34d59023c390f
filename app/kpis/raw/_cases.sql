,
-- What every definition ends with. What was known of it at the event that decided, or, where none did, just before the
-- instant: every field as it was told last.
known as (
  select decided.stream, decided.at, decided.rank, jsonb_object_agg(key, value order by event.rank) as fields
  from (select distinct stream, at, rank from decided) decided
  join event on event.stream = decided.stream
    and case when decided.rank is not null then event.rank <= decided.rank else event.rank = 1 or event.occurred_at < decided.at end
  cross join lateral jsonb_each(told)
  where key in ({fields})
  group by decided.stream, decided.at, decided.rank
)
select split_part(decided.stream, '/', 2)::uuid as case_id, decided.at, (its.said->>'seconds')::bigint as seconds,
  (its.said->>'numerator')::bigint as numerator, (its.said->>'denominator')::bigint as denominator,
  (its.said->>'on_hold')::boolean as on_hold, (its.said->>'skewed')::boolean as skewed,
  {excluded} as excluded,
  -- Only what is counted state by state, or change by change, says of which; and only what is judged, by what.
  {dimensions}
from decided cross join lateral (select to_jsonb(decided) as said offset 0) its
{first_assigned}
join last_turn using (stream)
left join known on known.stream = decided.stream and known.at = decided.at and known.rank is not distinct from decided.rank
