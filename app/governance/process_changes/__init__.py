"""Applications for changes of processes: reviewed, decided by the heads of the teams concerned, published."""
