"""What is counted while a load runs."""
