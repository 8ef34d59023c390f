"""Branding: the name, the logo and the colour by which people recognise the installation."""
