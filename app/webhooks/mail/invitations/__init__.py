"""Invitations that come by mail, and answers to them."""
