"""Reports of a run: data, text, JSON, HTML, and the verdict."""
