select split_part(stream, '/', 2)::uuid as case_id, holding, handed.n::integer as n, before.holder::uuid as from_id,
  handed.holder::uuid as to_id, round(extract(epoch from handed.at - before.at))::bigint as seconds, handed.at,
  exists (
    select from handed earlier where earlier.stream = handed.stream and earlier.holding = handed.holding
      and earlier.rank < handed.rank and earlier.holder = handed.holder) as returns
from handed
join (select stream, holding, n + 1 as n, holder, at from handed) before using (stream, holding, n)
