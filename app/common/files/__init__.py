"""What people send as files and mails: media types, sizes, HTML as text, parsing within bounds."""
