"""The pages of the improvement programme: its board, a project, and the committee's desk."""
