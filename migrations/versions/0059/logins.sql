-- Who logs in at an identity provider: what it calls them is a name in another system, and personal. A session may be
-- a person's own, opened by such a login, and stands for no key then.
alter table fold.person add column login text, add column login_issuer text;
select log.takes_rows('fold.person');
create index known_as_person on vault.known_as (person_id);

alter table plumbing.session alter column key_id drop not null, add column person_id uuid,
  add constraint session_of_one check (num_nonnulls(key_id, person_id) = 1);
