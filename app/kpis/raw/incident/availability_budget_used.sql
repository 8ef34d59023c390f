-- parts: outages
-- availability_budget_used: what incidents took of the agreed seconds since the beginning of the year, as a part of what they
-- may take in the whole of it: what is missing from 1 in the promised availability, of the agreed seconds of the year.
select number, service, agreement_id, customer_id, null as category, 'agreed' as part, null::uuid as case_id, null::timestamptz as at, seconds, allowed,
  allowed_by_now
from agreed_in
union all
select number, service, agreement_id, customer_id, category, 'counted', case_id, at, seconds, null, null from taken_in where seconds > 0
