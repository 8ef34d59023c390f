-- When somebody was last reminded of an incident, and who holds a role: whom to remind.

alter table fold.incident add column reminded_at timestamptz;
select log.takes_rows('fold.incident');
create index person_roles on fold.person using gin (roles);
