-- A new plan drops the quality checks of the one before, as it drops its milestones and tasks.
alter table fold.quality_check add column dropped_at timestamptz;

select log.takes_rows('fold.quality_check');
