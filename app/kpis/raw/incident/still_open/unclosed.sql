-- parts: cases, open
-- The incidents that are open, or resolved and not yet closed, at each of the instants `ends`.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where (state = 'open' or type = 'incident.resolved')
    and not exists (
      select from turn closing where closing.stream = alive.stream and closing.rank <= alive.rank
        and closing.type = 'incident.closed'
        and not exists (
          select from turn after where after.stream = alive.stream and after.rank between closing.rank and alive.rank
            and after.state <> 'ended'))
)
