"""`loadtest league`: one table of many saved reports, as page, CSV and Markdown."""
