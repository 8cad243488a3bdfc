"""What a run found: as data, as medians and ratios, as tables and pictures, against another run."""
