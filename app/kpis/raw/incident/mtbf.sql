-- parts: outages
-- mtbf: the agreed seconds in the period that incidents did not take, for each outage that began in it.
select number, service, agreement_id, customer_id, null as category, 'agreed' as part, null::uuid as case_id, null::timestamptz as at, seconds, allowed,
  allowed_by_now
from agreed_in
union all
select number, service, agreement_id, customer_id, category, 'counted', case_id, at, seconds, null, null from taken_in where seconds > 0
union all
select number, service, null, null, category, 'began', case_id, at, 1, null, null from begun_in
