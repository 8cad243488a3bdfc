"""The driver of a load: workers, loops and schedules."""
