"""Import and export of ticket histories: readers of other systems' files, and the import of their rows as
events.
"""
