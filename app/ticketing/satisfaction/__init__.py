"""What requesters say of tickets: ratings, their links, complaints."""
