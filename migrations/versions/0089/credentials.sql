-- By what credential something was sent or asked for: the only roles that its key may use; null: the whole person, by
-- a key without roles or by a login. A key that can do less makes nothing of it.
-- What waits of the time before counts as sent by the whole person.
alter table content.upload add column restricted_to text[];
alter table plumbing.bulk_job add column restricted_to text[];
update plumbing.bulk_job j set restricted_to = k.roles from fold.key k where k.id = j.key_id;
