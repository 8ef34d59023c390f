"""Notifications: notices to persons, in the application and by mail, about records that concern them."""
