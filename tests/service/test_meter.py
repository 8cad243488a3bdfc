"""The counters of an instance and their Prometheus text, without a server."""

import errno
import time
from pathlib import Path

import apsw
import falcon.testing
import pytest
from prometheus_client.parser import text_string_to_metric_families

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.errors import StoreBusyError, StoreUnavailableError
from rinha.http import create_app
from rinha.metrics.counts import Counts, read_all, read_counts
from rinha.metrics.exposition import text_of
from rinha.metrics.families import BUCKETS_US, FAMILIES
from rinha.metrics.instrument import instrumented
from rinha.metrics.meter import Meter
from rinha.settings import Settings, load
from rinha.store import Gauge
from tests.help.one_by_one import EXTRATO, TRANSACOES, Service, whole

BODY = '{"valor": 1, "tipo": "d", "descricao": "abc"}'
KEYS = [("commits",), ("requests", "/a", "200")]


def samples(text: bytes) -> dict[tuple[str, str], float]:
    """Returns the samples by name and labels, as Prometheus parses them."""
    return {
        (sample.name, ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_counts_outlive_their_process(tmp_path: Path) -> None:
    """Counters continue after a restart, and other processes can read them at any time."""
    path = tmp_path / "api01.counts"
    first = Counts(path, KEYS)
    first.counters[first.offsets["commits",]] += 3
    again = Counts(path, KEYS)
    again.counters[again.offsets["commits",]] += 1
    assert read_counts(path) == {("commits",): 4, ("requests", "/a", "200"): 0}


def test_counts_of_another_version_start_at_zero(tmp_path: Path) -> None:
    """Counters of an older version with other names are not reused: all start at 0."""
    path = tmp_path / "api01.counts"
    first = Counts(path, KEYS)
    first.counters[0] = 7
    assert read_counts(path)["commits",] == 7
    Counts(path, [*KEYS, ("refusals", "x")])
    assert set(read_counts(path).values()) == {0}
    path.write_bytes(b"notes")
    Counts(path, KEYS)
    assert set(read_counts(path).values()) == {0}


def test_counts_that_find_no_space_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance that cannot write its counters is started again and again, and leaves nothing."""

    def write(path: Path, _data: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "no space left", str(path))

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="no space"):
        Counts(tmp_path / "api01.counts", KEYS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("left", [b"", b"notes", bytes(300), (8).to_bytes(8, "little") + b"[[]]"])
def test_a_broken_file_hides_no_instance(tmp_path: Path, left: bytes) -> None:
    """A damaged file of counters, as a power cut may leave, hides no other instance."""
    Counts(tmp_path / "api01.counts", KEYS)
    (tmp_path / "api02.counts").write_bytes(left)
    assert set(read_all(tmp_path)) == {"api01"}


def test_a_file_that_is_removed_meanwhile_hides_no_instance(tmp_path: Path) -> None:
    """An instance that is removed while its counters are looked up is left out."""
    Counts(tmp_path / "api01.counts", KEYS)
    # As a removed file, this one is listed and cannot be read.
    (tmp_path / "api02.counts").symlink_to(tmp_path / "removed")
    assert set(read_all(tmp_path)) == {"api01"}


def test_a_histogram_is_cumulative_and_its_sum_is_in_seconds(tmp_path: Path) -> None:
    """A histogram's buckets are cumulative, for values below, between, at and above the bounds."""
    meter = Meter(tmp_path / "api01.counts", [], lambda: None)
    observed_us = [0, 25, 26, 1000, BUCKETS_US[-1], BUCKETS_US[-1] + 1]
    for wait_us in observed_us:
        meter.lock_waited(wait_us)
    found = samples(text_of(tmp_path, []))
    buckets = [
        value for (name, labels), value in found.items() if name == "rinha_lock_wait_seconds_bucket"
    ]
    assert buckets == sorted(buckets)
    assert found["rinha_lock_wait_seconds_bucket", "instance=api01,le=2.5e-05"] == 2
    assert found["rinha_lock_wait_seconds_bucket", "instance=api01,le=+Inf"] == len(observed_us)
    assert found["rinha_lock_wait_seconds_sum", "instance=api01"] == pytest.approx(
        sum(observed_us) / 1e6
    )


def test_levels_are_gauges_with_their_labels(tmp_path: Path) -> None:
    """Gauges are exported beside the counters, with their labels."""
    gauges = [Gauge("left", "What is left.", 3, (("who", str(who)),)) for who in range(2)]
    found = samples(text_of(tmp_path, gauges))
    assert found["rinha_left", "who=0"] == found["rinha_left", "who=1"] == 3


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        {
            "RINHA_LEDGER": str(tmp_path / "rinha.db"),
            "RINHA_LISTEN": f"unix:{tmp_path}/api01.sock",
            "RINHA_METRICS": "on",
        }
    )


def test_requests_and_refusals_are_counted_by_what_became_of_them(
    settings: Settings, tmp_path: Path
) -> None:
    """Requests count by route and status, refusals by error; the operator's do not count."""
    ledger = SqliteLedger(tmp_path / "rinha.db", synchronous="NORMAL", lock_wait_s=1)
    app = create_app(ledger, add_routes, reset=True)
    with instrumented(app, ledger, settings) as meter, ledger.engine.serving(meter):
        api = falcon.testing.TestClient(app)
        path = "/clientes/1/transacoes"
        for _ in range(3):
            api.simulate_post(path, body=BODY)
        api.simulate_post(path, body=BODY.replace("1", "100001"))
        api.simulate_post(path, body="{")
        api.simulate_get("/clientes/9/extrato")
        api.simulate_get("/nowhere")
        api.simulate_put(path)
        told = api.simulate_get("/ops/metrics", headers={"X-Operator": "on"})
        assert api.simulate_get("/ops/metrics").status_code == 404
        assert api.simulate_get("/ops/state").status_code == 404
        found = samples(told.content)
    requests = {
        labels: value for (name, labels), value in found.items() if name == "rinha_requests_total"
    }
    route = "route=/clientes/{cliente}/transacoes"
    # Prometheus sees an increase only of a series that existed before.
    assert requests[f"instance=api01,{route},status=503"] == 0
    assert found["rinha_clock_steps_total", "instance=api01"] == 0
    assert {labels: value for labels, value in requests.items() if value} == {
        f"instance=api01,{route},status=200": 3,
        f"instance=api01,{route},status=422": 1,
        f"instance=api01,{route},status=400": 1,
        f"instance=api01,{route},status=405": 1,
        "instance=api01,route=/clientes/{cliente}/extrato,status=404": 1,
        "instance=api01,route=other,status=404": 1,
    }
    for reason in ("LimiteExceededError", "MalformedBodyError", "UnknownClienteError"):
        assert found["rinha_refusals_total", f"instance=api01,reason={reason}"] == 1
    assert found["rinha_commits_total", "instance=api01"] == 3
    assert found["rinha_request_seconds_count", f"instance=api01,{route}"] == 6
    assert found["rinha_disponivel", "cliente=1"] == 100_000 - 3
    ledger.close()


def test_a_lost_disk_hides_no_counter(settings: Settings, tmp_path: Path) -> None:
    """A lost folder of the ledger leaves out its own values only."""
    (tmp_path / "disk").mkdir()
    ledger = SqliteLedger(tmp_path / "disk" / "rinha.db", synchronous="NORMAL", lock_wait_s=1)
    app = create_app(ledger, add_routes, reset=True)
    with instrumented(app, ledger, settings):
        (tmp_path / "disk").rename(tmp_path / "gone")
        api = falcon.testing.TestClient(app)
        for path in ("/ops/metrics", "/ops/state"):
            answer = api.simulate_get(path, headers={"X-Operator": "on"})
            assert answer.status_code == 200
            assert "disk_free_bytes" not in answer.text
    ledger.close()


def test_a_locked_ledger_hides_no_counter(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counters remain while another program locks the tables, as PostgreSQL's VACUUM FULL does."""

    def read(*_words: object) -> None:
        raise StoreBusyError("the ledger was busy for 1 s, nothing was written: try again")

    ledger = SqliteLedger(tmp_path / "rinha.db", synchronous="NORMAL", lock_wait_s=1)
    app = create_app(ledger, add_routes, reset=True)
    with instrumented(app, ledger, settings):
        monkeypatch.setattr(ledger.engine, "read", read)
        api = falcon.testing.TestClient(app)
        for path in ("/ops/metrics", "/ops/state"):
            answer = api.simulate_get(path, headers={"X-Operator": "on"})
            assert answer.status_code == 200
            assert "time_seconds" in answer.text
    ledger.close()


def test_a_request_lasts_until_its_group_is_durable(
    service: Service, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request counts once its group is committed, with that time; broken answers have no status.
    Groups, commits and syncs are histograms."""
    with instrumented(service.app, service.ledger, settings) as meter:
        service.ledger.engine.writing.meter = meter
        waiting = service.begin(TRANSACOES, TRANSACOES, EXTRATO)
        route, histogram = "route=/clientes/{cliente}/transacoes", "rinha_request_seconds_count"
        found = samples(text_of(tmp_path, []))
        assert found[histogram, f"instance=api01,{route}"] == 0
        time.sleep(0.01)
        whole(waiting)
        found = samples(text_of(tmp_path, []))
        assert found[histogram, f"instance=api01,{route}"] == 2
        assert found["rinha_request_seconds_sum", f"instance=api01,{route}"] >= 2 * 0.01
        assert found["rinha_group_transactions_bucket", "instance=api01,le=1"] == 0
        assert found["rinha_group_transactions_bucket", "instance=api01,le=2"] == 1
        assert found["rinha_commit_seconds_count", "instance=api01"] == 1
        is_full = service.ledger.engine.info["synchronous"] == "FULL"
        assert found["rinha_sync_seconds_count", "instance=api01"] == is_full
        waiting = service.begin(TRANSACOES)
        monkeypatch.setattr(service.ledger.engine.writing, "_commit", fail)
        with pytest.raises(StoreUnavailableError):
            list(waiting[0][1])
        found = samples(text_of(tmp_path, []))
        assert found["rinha_requests_total", f"instance=api01,{route},status=other"] == 1
        monkeypatch.undo()
        service.ledger.engine.writing._rollback()


def fail() -> None:
    raise apsw.FullError("database or disk is full")


def test_every_family_is_told_with_its_help(tmp_path: Path) -> None:
    """Each metric family is exported with the prefix, its help and its type."""
    Meter(tmp_path / "api01.counts", [], lambda: None)
    told = {
        family.name: family
        for family in text_string_to_metric_families(text_of(tmp_path, []).decode())
    }
    assert set(told) == {f"rinha_{name}" for name in FAMILIES}
    for name, family in FAMILIES.items():
        assert told[f"rinha_{name}"].documentation == family.help
        assert told[f"rinha_{name}"].type == family.kind
