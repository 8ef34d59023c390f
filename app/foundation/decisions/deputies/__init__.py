"""Deputies: persons who vote in the name of somebody who is away."""
