-- The services of the items that a change touches, why it touches none, and the freezes that it is excepted from.
alter table fold.change
  add column ci_services text[] collate "C",
  add column no_cis_reason text,
  add column excepted_freezes text[] collate "C";
