"""Every limit of what is counted while it runs, each with its reason."""

# A second is what a page may be behind, and a look at oneself takes 50 us.
BEAT_EVERY_S = 1.0
# A clock that is slewed moves by 0.5 ms a second; this is a step.
CLOCK_STEP_MIN_S = 0.25
# The audit beside the load: as little as the kernel gives anybody.
AUDIT_NICENESS = 19
# Of what a failed audit says, in a line of the log.
AUDIT_WORDS_MAX = 2_000
