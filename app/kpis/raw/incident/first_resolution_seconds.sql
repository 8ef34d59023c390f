-- first_resolution_seconds: from the opening to the first resolution, whatever came after it.
-- Its first end, and the first turn away from it. What ended it before that turn is its first episode: its resolution is
-- the first `resolved` in it, or the last `closed` where nobody said `resolved`.
ending as (
  select stream, min(rank) as rank from stand where state = 'ended' group by stream
),
away as (
  select stand.stream, min(stand.rank) as rank from stand join ending using (stream)
  where stand.rank > ending.rank and state <> 'ended' group by stand.stream
),
first as (
  select distinct on (stand.stream) stand.* from stand left join away using (stream)
  where state = 'ended' and stand.rank < coalesce(away.rank, stand.rank + 1)
  order by stand.stream, type = 'incident.resolved' desc,
    case when type = 'incident.resolved' then stand.rank else -stand.rank end
),
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from first join opening using (stream)
)
