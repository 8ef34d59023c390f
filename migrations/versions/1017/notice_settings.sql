-- How often somebody gets mails, by kind of notice; null: at once.
alter table fold.person
  add column mail_waits_for_you text collate "C",
  add column mail_is_yours text collate "C",
  add column mail_you_follow text collate "C",
  add column mail_for_information text collate "C";

-- The person whose daily mail has the notice; null: it has a mail of its own.
alter table deliveries.mail add column digest_of uuid;
create index mail_digest on deliveries.mail (digest_of, due_at) where digest_of is not null;
