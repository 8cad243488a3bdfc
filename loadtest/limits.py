"""Every limit of the load generator, each with its reason."""

# Waiting for answers.
OFFICIAL_TIMEOUT_S = 60.0  # the official judge's own patience with one request
REQUEST_TIMEOUT_S = 10.0  # anywhere else: forty times the 250 ms that still score
PROBE_TIMEOUT_S = 5.0  # one question before or after a run, on an idle service
SILENCE_MAX_S = 30.0  # for answers that never came, in all: then nobody waits that long again
ASKED_MAX_S = 600.0  # for the answers to all questions: ten times what they take a slow service
SILENT_TIMEOUT_S = 0.25  # of one question from then on
READY_WAIT_S = 40.0  # the arena gives a service this long to start
READY_PAUSE_S = 2.0  # and asks every two seconds
EXPIRE_EVERY_S = 0.1  # how often unanswered requests are looked at: a hundredth of the patience

# Bytes.
RECEIVE_BYTES = 65_536  # one read takes any sane answer whole
HEAD_BYTES_MAX = 65_536  # beyond this a head is rubbish, not a head
ANSWER_BYTES_MAX = 1_048_576  # fifty people whose every letter is escaped have 0.6 MB
UNREAD_BYTES_MAX = 67_108_864  # of unfinished answers, all connections together: 64 of the largest
TOGETHER_BYTES_MAX = 67_108_864  # of the answers to questions that are asked together
CHUNKS_MAX = 16_384  # of an answer: a byte in each makes a search of 16 kB
LENGTH_DIGITS_MAX = 16  # of a Content-Length, zeros in front of it included
INTERIM_ANSWERS_MAX = 16  # 100 and 103 before an answer: one of each is usual
KEPT_HEAD_BYTES_MAX = 1_024  # of a head that is remembered: 4 MB in all
JSON_DEPTH_MAX = 32  # the contract's answers have four levels
JSON_VALUES_MAX = 20_000  # lists and objects of an answer: the contract's largest have a hundred
ROWS_READ_MAX = 1_000  # of a list in an answer: the contract's longest has fifty
LOCATION_BYTES_MAX = 1_024  # of an address of a person: 50 MB for all who are sent
TOLD_CHARACTERS_MAX = 80  # of a value of an answer that is named in a reason
FRAMINGS_KEPT_MAX = 4_096  # remembered answer heads; a new one a second per length is normal
EXAMPLE_BYTES_MAX = 2_000  # of an answer that is shown: a statement of ten rows is whole
EXAMPLE_CHARACTERS_MAX = 25_000  # the same with each byte by its name, and words around it
EXAMPLES_PER_FAILURE = 3  # the first says what, the next say whether it is always the same

# What a report shows at once; the JSON has everything.
REASONS_SHOWN = 12  # the first ones say it
REASON_CHARACTERS_MAX = 300  # two or three lines of a terminal
EXAMPLES_SHOWN = 6  # two kinds of failure, with all their examples
BROKEN_SHOWN = 20  # broken rules in full: with more than these broken, one begins here
ANSWER_CHARACTERS_MAX = 600  # of a wrong answer: enough to recognize it, JSON and page have more
CELL_CHARACTERS_MAX = 120  # of one cell: a page of HTML as an answer must not bury its table

# Sending.
CYCLES_BUILT = 512  # request bytes built beforehand: 17,408, a second or more of full load
SPIN_NS = 400_000  # a sleeping process wakes 50 to 300 us late: sleep short of it, then look
SENDS_PER_TURN = 16  # when behind: answers are read between so many sends
OVERDUE_MAX_S = 10  # a schedule missed by more is given up: nobody waits hours for a wrong rate
RETRY_PAUSE_S = 0.05  # a dead target is asked 20 times a second per connection, not 20,000
CONNECTIONS_MAX = 20_000  # under the 28,000 local ports of one address pair
FILES_BESIDE_CONNECTIONS = 64  # files a process needs besides its connections
WORKERS_MAX = 64  # more generator processes than any host of this challenge has cores
RATE_MAX = 1_000_000.0  # requests a second; no generator in Python gets near

# A generator that is itself the limit proves nothing about the target.
GENERATOR_BUSY_MAX = 0.90  # of one core, spinning apart: above it the loop is the bottleneck
SEND_LATE_P99_MAX_US = 5_000  # of what was due: later than this is no longer the wanted rate
ACHIEVED_RATE_MIN = 0.98  # of the wanted rate

# Judging.
SLOW_MS = 250  # the official line between an answer in time and a late one
SLA_PERCENT = 98  # of the answers must be right and in time
SEARCH_STEPS_MAX = 200_000  # wrong turns taken back while looking for an order, per client
CHOICES_KEPT_MAX = 2_000  # open choices remembered while looking for an order
UNKNOWN_SUMS_MAX = 500  # unanswered transactions of one client: with more, anything adds up
BREAKS_MAX = 10_000  # after so many contradictions a history needs no further reading
TAIL_WORTH_A_WORD = 20  # p99.9 so many times over the median is mentioned

# Comparing two runs.
FALSE_ALARMS_MAX = 0.05  # pairs of equal runs in which any figure is called worse or better
SECONDS_COMPARED_MIN = 6  # full seconds; from fewer nobody knows how they differ
ANSWERS_BEYOND_MIN = 5  # above a percentile's upper limit: else a handful of answers decides
LUCK_SHARED_MAX = 1_000.0  # answers that count as one, in a run that is one long stall
DURATIONS_RATIO_MAX = 1.5  # a longer run has more rare answers, and other seconds
MIX_DIFFERS_MAX = 0.05  # in the share of a type; short runs end in the middle of a cycle
RUNS_DIFFER = 0.05  # what starting anew changes though no second shows it: memory, clock speeds

# Watching.
HEAR_EVERY_S = 0.1  # workers, keys and Ctrl-C: at once, for a person
SAMPLE_EVERY_S = 1.0  # target CPU and memory, on the time axis of the run
SCREEN_EVERY_S = 0.5  # a person reads no faster, and drawing costs CPU
PLAIN_LINE_EVERY_S = 5.0  # progress without a terminal
TERMINATE_WAIT_S = 5.0  # a worker told to stop has this long before it is ended
STOP_GRACE_S = 0.5  # told to stop: answers on their way still get half a second
NOTES_KEPT_MAX = 10_000  # words of history held before they are written out: 80 KB, 20 us
START_AHEAD_S = 0.2  # all workers are up and wait for the common start by then
