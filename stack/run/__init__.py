"""Runners of the parts of a stack."""
