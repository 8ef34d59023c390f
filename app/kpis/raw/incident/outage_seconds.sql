-- parts: outages
-- outage_seconds: the agreed seconds in the period that incidents took; degraded ones by their weight.
select number, service, agreement_id, customer_id, null as category, 'agreed' as part, null::uuid as case_id, null::timestamptz as at, seconds, allowed,
  allowed_by_now
from agreed_in
union all
select number, service, agreement_id, customer_id, category, 'counted', case_id, at, seconds, null, null from taken_in where seconds > 0
