"""The one-file executables: their build, and the boot code that runs in them first."""
