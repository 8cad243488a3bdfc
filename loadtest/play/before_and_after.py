"""From the first question to the load as data."""

from loadtest.drive.conduct import Conducted
from loadtest.measure.health import generator_health, rate_of, why_unfit
from loadtest.report.data import Load, load_of
from loadtest.wire.probe import Probe, reach, wait_ready
from loadtest.wire.request import Address, Request


def ready_probe(address: Address, hello: Request, *, reset: bool) -> Probe:
    """Of a service that may still be starting, for a run that must find it ready."""
    return _emptied(wait_ready(address, hello), reset=reset)


def probe_of(address: Address, hello: Request, *, reset: bool) -> Probe:
    return _emptied(reach(address, hello), reset=reset)


def _emptied(probe: Probe, *, reset: bool) -> Probe:
    if reset:
        probe.reset()
    return probe


def load_after(done: Conducted, wanted: int | None) -> Load:
    """What was counted; `wanted` is how many requests an open loop had to send."""
    if done.interrupted:
        wanted = None
    rate, generator = rate_of(done.tally, wanted), generator_health(done.tally, done.workers)
    invalid = why_unfit(done.tally, generator, rate, open_loop=wanted is not None)
    load = load_of(done.tally, rate, invalid, generator)
    load.target_usage, load.interrupted = done.usage, done.interrupted
    return load
