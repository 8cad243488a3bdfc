"""Limits of the metrics, each with its reason."""

# Interval of the heartbeat, so how old its values may be; recording them takes 50 us.
HEARTBEAT_EVERY_S = 1.0
# A slewed clock moves by 0.5 ms a second, so more than this is a step.
CLOCK_STEP_MIN_S = 0.25
# Scheduled audits have the lowest priority that the kernel gives.
AUDIT_NICENESS = 19
# Bytes of a failed audit's output in a line of the log.
AUDIT_OUTPUT_MAX_BYTES = 2_000
