"""How it is set up and run: plain processes, containers, the contest's submission."""
