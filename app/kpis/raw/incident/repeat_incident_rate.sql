-- parts: cases, opening
-- repeat_incident_rate: of the incidents opened, those that were within 30 days after the final resolution of another one of the
-- same item or of one of its problems; before version 2 also of one of the same service and category.
-- The problems that each is linked to, in whatever way, and not unlinked from since.
problem_of as (
  select distinct other as stream, problem
  from (
    select distinct on (told.stream, link.name) told.stream as problem, link.said->>'other' as other
    from log.told cross join lateral jsonb_each(told.data->'set') link(name, said)
    where starts_with(told.stream, 'problem/') and told.position <= %(position)s and starts_with(link.name, 'link/')
    order by told.stream, link.name, told.position desc
  ) linked
  where other is not null
),
-- What each was about when it was opened and when it was resolved.
happened as (
  select stream, true as resolved, occurred_at as at, fields from resolution join resolved_with using (stream)
  union all
  select stream, false, opened_at, told from opening join event using (stream) where rank = 1
),
-- One that repeats another was opened in the same 30 days since 1970 as that was resolved in, or in the next: this only finds
-- them sooner.
about as (
  select stream, resolved, at, subject, floor(extract(epoch from at) / 2592000) as span
  from happened cross join lateral (
    select array['kind', fields->>'service', fields->>'category']
    where fields->>'service' is not null and fields->>'category' is not null and at < '2026-11-30 00:00+00'
    union all
    select array['item', fields->>'ci'] where fields->>'ci' is not null
    union all
    select array['problem', problem] from problem_of where problem_of.stream = happened.stream
  ) told(subject)
),
repeated as (
  select distinct later.stream
  from (select stream, at, subject, span - generate_series(0, 1) as span from about where not resolved) later
  join about earlier on (earlier.subject, earlier.span) = (later.subject, later.span)
  where earlier.resolved and earlier.stream <> later.stream
    and earlier.at < later.at and earlier.at >= later.at - interval '720 hours'
),
decided as (
  select opening.stream, 1::bigint as rank, opened_at as at,
    case when repeated.stream is not null then 1 else 0 end as numerator, 1 as denominator, true as opening
  from opening left join repeated using (stream)
)
