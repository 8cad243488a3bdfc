"""Man pages and shell completions of `rinha` and `loadtest`, made from their parsers."""
