-- parts: cases
-- change_lead_seconds: of the changes that were implemented for the first time, and not backed out before, how long after they
-- were handed in, where that is known.
decided as (
  select completion.stream, completion.rank, completion.occurred_at as at,
    case when handed_in.stream is not null then
      greatest(round(extract(epoch from completion.occurred_at - handed_in.occurred_at)), 0)::bigint end as seconds,
    case when handed_in.stream is null then 'unknown' end as left_out
  from completion join outcome using (stream, rank) left join handed_in using (stream)
)
