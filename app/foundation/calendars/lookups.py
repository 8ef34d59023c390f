"""Reads of the agreements that name a calendar."""

#: Agreements in force with one party, by the calendar of their services or of a target.
AGREEMENTS = """
select number from fold.sla
where state in ('signed', 'under_review')
  and (calendar = %(key)s or exists (
    select from jsonb_array_elements(coalesce(targets, '[]')) target where target->>'calendar' = %(key)s))
order by number limit 5"""
