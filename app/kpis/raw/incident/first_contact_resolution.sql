-- parts: cases
-- first_contact_resolution: of the incidents that came from people and have a final resolution, those that whoever
-- answered first also resolved, with no other team, no hold, no further word of the requester, and not reopened within the
-- days that were agreed.
held as (
  select distinct stand.stream from stand join resolution using (stream)
  where stand.type = 'incident.held' and stand.rank < resolution.rank
),
-- Who had asked for it when something was said about it, by whom: a tool may bring a person's words.
word as (
  select distinct on (said.stream, said.rank) said.stream, coalesce(said.on_behalf_of, said.actor) as speaker,
    asked.told->>'requester_id' as requester
  from event said join resolution on resolution.stream = said.stream and said.rank < resolution.rank
  join event asked on asked.stream = said.stream and asked.rank <= said.rank and asked.told ? 'requester_id'
  where said.type = 'incident.commented'
  order by said.stream, said.rank, asked.rank desc
),
other as (
  select stream from move union select stream from taken_up union select stream from held
  union select stream from word where speaker = 'person:' || requester
),
decided as (
  select stream, resolution.rank, resolution.occurred_at as at,
    case when resolution.actor = response.actor and starts_with(resolution.actor, 'person:') and other.stream is null
      then 1 else 0 end as numerator, 1 as denominator
  from resolution
  join resolved_with using (stream)
  left join response using (stream)
  left join other using (stream)
  -- What another system tells, it does not say who did it.
  where not resolution.observed and fields->>'channel' is distinct from 'monitoring'
)
