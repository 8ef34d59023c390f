select split_part(stream, '/', 2)::uuid as case_id, stated.n::integer as n, stated.type, before.type as previous,
  round(extract(epoch from stated.at - before.at))::bigint as seconds, stated.state, stated.state_before, stated.at,
  before.stream is not null and stated.state_before <> all(%(waiting)s::text[]) and exists (
    select from stated earlier
    where earlier.stream = stated.stream and earlier.rank < stated.rank and earlier.state = stated.state) as returns
from stated
left join (select stream, n + 1 as n, type, at from stated) before using (stream, n)
