"""Opens the probe before a run, and turns a finished run into report data."""

from loadtest.drive.conduct import Conducted
from loadtest.measure.health import generator_health, rate_of, why_unfit
from loadtest.report.data import Load, load_of
from loadtest.wire.probe import Probe, reach, wait_ready
from loadtest.wire.request import Address, Request


def ready_probe(address: Address, hello: Request, *, reset: bool) -> Probe:
    """Waits until the service is ready, and returns a probe of it."""
    return _emptied(wait_ready(address, hello), reset=reset)


def probe_of(address: Address, hello: Request, *, reset: bool) -> Probe:
    return _emptied(reach(address, hello), reset=reset)


def _emptied(probe: Probe, *, reset: bool) -> Probe:
    if reset:
        probe.reset()
    return probe


def load_after(done: Conducted, wanted: int | None) -> Load:
    """Returns a finished run as report data; `wanted` is the request count of an open loop."""
    if done.interrupted:
        wanted = None
    rate, generator = rate_of(done.tally, wanted), generator_health(done.tally, done.workers)
    invalid = why_unfit(done.tally, generator, rate, open_loop=wanted is not None)
    load = load_of(done.tally, rate, invalid, generator)
    load.target_usage, load.interrupted = done.usage, done.interrupted
    return load
