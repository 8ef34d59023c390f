"""Files of other systems, row by row. They know no database: a name is still a name, a key still to be
found.
"""
