"""What the commands of every edition have in common."""
