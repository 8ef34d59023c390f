-- Every order that a list offers is an index, read forwards or backwards; where the column may be empty, those rows
-- are one end of it. What has many values is an index in the usual order, so that a rare one is found and a frequent
-- one need not be sorted; without the rows that have none, which cost nothing then.

create index incident_changed on fold.incident (changed_at, id);
create index incident_state_since on fold.incident (state_since, id);
create index incident_priority on fold.incident (priority, id);
create index incident_resolved on fold.incident (resolved_at, id);
create index incident_closed on fold.incident (closed_at, id);

create index incident_ci on fold.incident (ci, opened_at desc, id desc) where ci is not null;
create index incident_category on fold.incident (category, opened_at desc, id desc) where category is not null;
create index incident_customer on fold.incident (customer_id, opened_at desc, id desc) where customer_id is not null;
create index incident_hold_reason on fold.incident (hold_reason, opened_at desc, id desc) where hold_reason is not null;

create index person_added on fold.person (added_at, id);
create index key_made on fold.key (made_at, id);
create index key_person on fold.key (person_id, made_at desc, id desc);
