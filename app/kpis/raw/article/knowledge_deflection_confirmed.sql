-- parts: cases
-- knowledge_deflection_confirmed: visits in which an article was suggested. Numerator: those of somebody known who said that one
-- helped, and raised no ticket.
decided as (
  select stream, null::bigint as rank, at, null::bigint as seconds, (
      visit in (select visit from opened_in where helped) and visit in (select visit from portal where visitor is not null)
      and visit not in (select visit from followed)
    )::integer::bigint as numerator, 1::bigint as denominator, false as standing
  from visit
)
