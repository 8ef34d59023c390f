-- reopen_rate: of all resolutions, those that the case left again, to be worked on, within the days that were agreed.
-- Everything that says where it stands, with what it said before. An episode begins with an end that follows something
-- else, and holds all ends up to the next thing that is none.
mark as (
  select *, lag(state) over (partition by stream order by rank) = 'ended' as ended_before
  from stand where state is not null
),
ending as (
  select *, count(*) filter (where not coalesce(ended_before, false)) over (partition by stream order by rank) as episode
  from mark where state = 'ended'
),
-- Its resolution is the last `resolved` in it, or the last `closed` where nobody said `resolved`.
episode as (
  select distinct on (stream, episode) * from ending order by stream, episode, type = 'incident.resolved' desc, rank desc
),
-- What led away from it: the first that is no end, behind all ends of it.
away as (
  select distinct on (done.stream, done.episode) done.stream, done.episode, mark.state, mark.occurred_at as left_at
  from (select stream, episode, max(rank) as rank from ending group by stream, episode) done
  join mark on mark.stream = done.stream and mark.rank > done.rank
  order by done.stream, done.episode, mark.rank
),
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    case when away.state = 'open' and left_at <= occurred_at + within then 1 else 0 end::bigint as numerator,
    1::bigint as denominator, false as standing
  from episode join reopening using (stream) left join away using (stream, episode)
)
