"""Instances of contenders that are not this service as it is shipped, one program a file."""
