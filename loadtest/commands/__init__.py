"""The command line: commands and options, what each command does, and its exit code."""
