alter table plumbing.view add column home boolean not null default false;
