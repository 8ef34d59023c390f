"""Operations on one record: reading it, its actions, edits, child records and events."""
