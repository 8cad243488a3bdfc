"""One executable that carries everything: how it is built, and what runs in it first."""
