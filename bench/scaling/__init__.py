"""The benchmark of docs/scaling.md: one instance beside several."""
