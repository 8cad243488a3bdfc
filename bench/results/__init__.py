"""The results of a run: cells, medians and ratios, tables, pictures, and the guard."""
