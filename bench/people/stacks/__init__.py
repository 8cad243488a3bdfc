"""One file for each stack that carries people."""
