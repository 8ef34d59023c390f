-- parts: cases
-- knowledge_deflection: visits in which an article was suggested. Numerator: those that opened one, were helped or said nothing,
-- and that no ticket is known to have followed.
decided as (
  select stream, null::bigint as rank, at, (
      visit in (select visit from opened_in)
      and (visit in (select visit from opened_in where helped) or visit not in (select visit from opened_in where helped is not null))
      and visit not in (select visit from followed)
    )::integer as numerator, 1 as denominator
  from visit
)
