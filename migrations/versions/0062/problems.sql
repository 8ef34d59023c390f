-- Which article was drafted of its workaround.
alter table fold.problem add column article_id uuid;
select log.takes_rows('fold.problem');
