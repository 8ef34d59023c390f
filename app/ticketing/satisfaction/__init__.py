"""Requesters' opinions of tickets: ratings, their links, complaints."""
