,
-- What every definition ends with. What was known of it at the event that decided, or, where none did, just before the
-- instant: every field as it was told last.
known as (
  select decided.stream, decided.at, decided.rank, jsonb_object_agg(key, value order by event.rank) as fields
  from (select distinct stream, at, rank from decided) decided
  join event on event.stream = decided.stream
    and case when decided.rank is not null then event.rank <= decided.rank else event.rank = 1 or event.occurred_at < decided.at end
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id', 'path', 'item',
    'approver_role', 'source', 'type', 'risk_level', 'ci_class', 'agreement_type', 'representative_id', 'owner_id', 'author_id',
    'process', 'size')
  group by decided.stream, decided.at, decided.rank
)
select split_part(decided.stream, '/', 2)::uuid as case_id, decided.at, decided.seconds, decided.numerator, decided.denominator,
  {on_hold} as on_hold, (its.said->>'skewed')::boolean as skewed,
  -- What stands open counts, whatever becomes of it.
  {excluded} as excluded,
  known.fields->>'priority' as priority, ({team_id})::uuid as team_id, known.fields->>'service' as service,
  known.fields->>'category' as category, known.fields->>'channel' as channel, ({assignee_id})::uuid as assignee_id,
  (known.fields->>'customer_id')::uuid as customer_id, known.fields->>'path' as path, known.fields->>'item' as catalogue_item,
  known.fields->>'approver_role' as approver_role, known.fields->>'source' as source,
  known.fields->>'agreement_type' as agreement_type, coalesce(known.fields->>'representative_id', known.fields->>'owner_id', known.fields->>'author_id')::uuid as owner_id,
  known.fields->>'type' as change_type, known.fields->>'risk_level' as risk, known.fields->>'ci_class' as ci_class,
  -- Only what is counted state by state, or change by change, says of which; and only what is judged, by what.
  its.said->>'state' as state, (its.said->>'from_team')::uuid as from_team_id, (its.said->>'to_team')::uuid as to_team_id,
  its.said->>'verdict' as verdict, its.said->>'authorisation' as authorisation, its.said->>'subject' as subject,
  known.fields->>'process' as process, coalesce(its.said->>'size', known.fields->>'size') as size, its.said->>'offered_by' as offered_by,
  (its.said->>'agreement_id')::uuid as agreement_id, its.said->>'metric' as metric, its.said->>'cause' as cause
from decided cross join lateral (select to_jsonb(decided) as said offset 0) its
{given}
join last_turn using (stream)
left join known on known.stream = decided.stream and known.at = decided.at and known.rank is not distinct from decided.rank
