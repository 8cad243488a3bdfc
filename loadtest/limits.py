"""Every limit of the load generator, each with its reason."""

# Waiting for answers.
OFFICIAL_TIMEOUT_S = 60.0  # the official judge's own timeout of a request
REQUEST_TIMEOUT_S = 10.0  # all other requests of a load: forty times the 250 ms that still score
PROBE_TIMEOUT_S = 5.0  # one request before or after a run, to an idle service
SILENCE_MAX_S = 30.0  # total time lost in timeouts; after it SILENT_TIMEOUT_S applies
ASKED_MAX_S = 600.0  # total time of a probe's requests: ten times what a slow service needs
SILENT_TIMEOUT_S = 0.25  # timeout of one request once either total above is exceeded
READY_WAIT_S = 40.0  # the contest's arena waits this long for a service to start
PESSOAS_READY_WAIT_S = 45.0  # the same of the contest of 2023
READY_PAUSE_S = 2.0  # and asks once in this time
TLS_PEEK_S = 2.0  # one handshake, to tell a target that speaks TLS from one that is broken
EXPIRE_EVERY_S = 0.1  # how often timeouts are checked: a hundredth of a timeout

# Bytes.
RECEIVE_BYTES = 65_536  # one read takes any usual answer whole
HEAD_BYTES_MAX = 65_536  # no real head is longer
ANSWER_BYTES_MAX = 1_048_576  # fifty people whose every letter is escaped have 0.6 MB
UNREAD_BYTES_MAX = 67_108_864  # unfinished answers of all connections together: 64 of the largest
TOGETHER_BYTES_MAX = 67_108_864  # answers to requests that are sent together: 64 of the largest
CHUNKS_MAX = 16_384  # chunks of an answer: enough for a search of 16 kB, one byte in each
LENGTH_DIGITS_MAX = 16  # digits of a Content-Length, leading zeros included
INTERIM_ANSWERS_MAX = 16  # 1xx answers before the final one: one 100 and one 103 are usual
KEPT_HEAD_BYTES_MAX = 1_024  # size of a cached head: 4 MB in all
JSON_DEPTH_MAX = 32  # the contract's answers have four levels
JSON_VALUES_MAX = 20_000  # lists and objects of an answer: the contract's largest have a hundred
ROWS_READ_MAX = 1_000  # rows of a list in an answer: the contract's longest has fifty
LOCATION_BYTES_MAX = 1_024  # the path of one person: 50 MB for all people of a run
QUOTED_CHARACTERS_MAX = 80  # a value from an answer, quoted in a reason: one line
FRAMINGS_KEPT_MAX = 4_096  # cached answer heads; a Date header makes a new one a second per length
EXAMPLE_BYTES_MAX = 2_000  # an answer in an example: a statement of ten rows fits
EXAMPLE_CHARACTERS_MAX = 25_000  # the same with each byte escaped, and the text around it
EXAMPLES_PER_FAILURE = 3  # the first shows the failure, the next show whether it is always the same

# What a report shows at once; the JSON has everything.
REASONS_SHOWN = 12  # the first ones are enough to act on
REASON_CHARACTERS_MAX = 300  # two or three lines of a terminal
EXAMPLES_SHOWN = 6  # two kinds of failure, with all their examples
BROKEN_SHOWN = 20  # broken rules in full: enough to start with
ANSWER_CHARACTERS_MAX = 600  # a wrong answer: enough to recognize it; JSON and HTML have more
MARKDOWN_CHARACTERS_MAX = 60_000  # GitHub takes a comment of 65,536; a workflow may add its own
CELL_CHARACTERS_MAX = 120  # one cell: an answer that is a page of HTML must not bury the table

# A league.
LEAGUE_FILES_MAX = 5_000  # JSON files of a folder: seven editions of the contest's 700 entries

# Sending.
CYCLES_BUILT = 512  # cycles built before a run: 17,408 requests, a second or more of full load
MIX_SUM_MAX = 10_000  # requests in one cycle: weights of four digits, and memory for a cycle
CLIENTES_MAX = 100_000  # the highest number in a span of clients, each of which is listed
STAGES_MAX = 1_000  # more than anybody writes by hand
SPIN_NS = 400_000  # a sleeping process wakes 50 to 300 us late: it sleeps short of it, then spins
SENDS_PER_TURN = 16  # sends between two reads of answers, when behind schedule
OVERDUE_MAX_S = 10  # a run that is later than this ends: it cannot reach its rate any more
RETRY_PAUSE_S = 0.05  # a dead target is asked 20 times a second per connection, not 20,000
CONNECTIONS_MAX = 20_000  # under the 28,000 local ports of one address pair
CHECK_CONNECTIONS = 500  # the largest burst of a check
FILES_BESIDE_CONNECTIONS = 64  # files a process needs besides its connections
WORKERS_MAX = 64  # more generator processes than any host of this challenge has cores
DURATION_MAX_S = 86_400  # a day
RATE_MAX = 1_000_000.0  # requests a second; no generator in Python gets near

# A generator that is itself the limit proves nothing about the target.
GENERATOR_BUSY_MAX = 0.90  # share of a core, without spinning: above it the loop is the bottleneck
SEND_LATE_P99_MAX_US = 5_000  # lateness of sends at p99: beyond it the rate is not the wanted one
ACHIEVED_RATE_MIN = 0.98  # share of the wanted rate that must be sent

# Judging.
SLOW_MS = 250  # the official line between an answer in time and a late one
SLA_PERCENT = 98  # percent of the answers that must be right and in time
SEARCH_STEPS_MAX = 200_000  # steps undone while searching for an order, per client
CHOICES_KEPT_MAX = 2_000  # open choices kept while searching for an order
UNKNOWN_SUMS_MAX = 500  # unanswered transactions of one client: with more, anything adds up
BREAKS_MAX = 10_000  # contradictions in one history: after these the search ends
TAIL_NOTED_MEDIANS = 20  # a p99 or p99.9 of more than so many medians gets a note

# Comparing two runs.
FALSE_ALARMS_MAX = 0.05  # share of pairs of equal runs in which any figure is called worse
SECONDS_COMPARED_MIN = 6  # full seconds: fewer do not show how much seconds differ
ANSWERS_BEYOND_MIN = 5  # answers above a percentile's upper limit: with fewer, a handful decides
LUCK_SHARED_MAX = 1_000.0  # correlated answers that count as one, in a run that is one long stall
DURATIONS_RATIO_MAX = 1.5  # a longer run has more rare answers, and other seconds
MIX_DIFFERS_MAX = 0.05  # difference in the share of a type: short runs end in the middle of a cycle
RUNS_DIFFER = 0.05  # noise between runs that their seconds do not show: memory, clock speeds

# Rounds.
ROUNDS_MAX = 100  # of one command: more do not narrow an interval that anybody reads
ROUNDS_S_MAX = 86_400.0  # all rounds together: a day, as for one run; their reports are one file
ROUNDS_OF_A_PAIR = 6  # without --rounds: find four of five changes of 10% on a noisy machine
ROUNDS_COMPARED_MIN = 3  # with two, Student's distribution allows any difference
MEDIAN_CONFIDENCE = 0.95  # of the interval of a median, where there are enough rounds
PROCESSES_DIFFER = 0.02  # two processes of one program differ as long as they live: memory layout
REPORT_BYTES_MAX = 536_870_912  # a file of reports: 100 rounds of a pair, 1.2 MB a run at most

# Watching.
POLL_EVERY_S = 0.1  # polling of workers, keys and Ctrl-C: fast enough for a person
SAMPLE_EVERY_S = 1.0  # target CPU and memory, on the time axis of the run
SCREEN_EVERY_S = 0.5  # a person reads no faster, and drawing costs CPU
PLAIN_LINE_EVERY_S = 5.0  # progress without a terminal
TERMINATE_WAIT_S = 5.0  # a worker that is asked to stop has this long before it is terminated
STOP_GRACE_S = 0.5  # after a stop, answers in flight get half a second
NOTES_BUFFERED_MAX = 200  # notes of answers before a write: 20 kB, 100 us
START_AHEAD_S = 0.2  # all workers are up and wait for the common start by then

# Compose files.
COMPOSE_BYTES_MAX = 262_144  # fifty times the largest of the contest; a second of PyYAML
COMPOSE_DEPTH_MAX = 64  # levels; a compose file has eight
MERGED_KEYS_MAX = 100_000  # keys that `<<` adds in one file
EXTENDS_MAX = 32  # services that extend one another, or files that include one another
SERVICES_MAX = 1_000  # no machine of this contest starts more
INCLUDES_MAX = 32  # files that `include` reads, each as often as it is named
VALUES_MAX = 200_000  # values of a file once aliases and `extends` repeat them: a second of rules
NESTED_DEFAULTS_MAX = 16  # as in ${A:-${B:-c}}
EXPANDED_CHARACTERS_MAX = 65_536  # a value after its variables, which may double each other
EXPANDED_TOTAL_MAX = 1_048_576  # all such values of a file together: four times its own size

# The arena's engine.
ENGINE_ANSWER_MAX_S = 30.0  # a short command of docker; a busy daemon takes seconds
PULL_MAX_S = 1800.0  # a large image over a slow line
BUILD_MAX_S = 3600.0  # a program in Rust or C++ with its dependencies, on a small machine
DOWN_MAX_S = 120.0  # removal of ten containers that do not stop by themselves
STOP_WAIT_S = 1.0  # an entry that is removed has nothing to save
DOWN_TIMES_MAX = 3  # a start that was cut short may still create a container during the first
LOG_BYTES_MAX = 65_536  # of a log: its last lines, however long
LOG_LINES_SHOWN = 12  # of a log: an error with its stack's last frames
ARENA_LOGS_SHOWN = 4  # logs of containers that explain a fault: the first ones have the cause
ENGINE_TEXT_MAX = 300  # characters of an error of the engine, a health check or an answer
