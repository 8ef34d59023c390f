"""Templates of standard changes, questionnaires about their risk, and freezes: they govern all changes."""
