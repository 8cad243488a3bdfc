"""HTTP service: a common core, editions with their routes, and engines that store the data."""
