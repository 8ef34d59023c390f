-- parts: cases
-- knowledge_deflection_confirmed: visits in which an article was suggested. Numerator: those of somebody known who said that one
-- helped, and raised no ticket.
decided as (
  select stream, null::bigint as rank, at, (
      visit in (select visit from opened_in where helped) and visit in (select visit from portal where visitor is not null)
      and visit not in (select visit from followed)
    )::integer as numerator, 1 as denominator
  from visit
)
