"""Who sends when."""
