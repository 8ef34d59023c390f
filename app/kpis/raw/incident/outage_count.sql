-- parts: outages
-- outage_count: the outages that began in the period; what touches or overlaps at one service is one.
select number, service, agreement_id, customer_id, null as category, 'agreed' as part, null::uuid as case_id, null::timestamptz as at, seconds, allowed,
  allowed_by_now
from agreed_in
union all
select number, service, null, null, category, 'began', case_id, at, 1, null, null from begun_in
