"""Licences of persons to carry out a process, and the examinations that they come from."""
