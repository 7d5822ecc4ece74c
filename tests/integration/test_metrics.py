"""`/metrics` as Prometheus reads it (a strict reader of its text format here), and the lag in the console's words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from tests.edge_client import GOOD, EdgeClient, changed, make_installation

from tianbao.config import Config
from tianbao.edge.histogram import Histogram
from tianbao.services.lag import find_lag
from tianbao.services.projection import CURSOR
from tianbao.store.models import Cursor, Submission

SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z_]+)="([^"\\\n]*)"\})? (\S+)')


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data = tmp_path_factory.mktemp("metrics")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


def read(edge: EdgeClient) -> dict[str, float]:
    """Every sample by name and label; anything that is not the text format fails."""
    answer = edge.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    samples: dict[str, float] = {}
    types: dict[str, str] = {}
    family = ""
    for line in answer.text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in types
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == family
            types[name] = kind
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        name, _, label, value = found.groups()
        suffixes = ("_bucket", "_sum", "_count") if types[family] == "histogram" else ("",)
        assert name in [family + suffix for suffix in suffixes]
        assert f"{name}:{label}" not in samples
        samples[f"{name}:{label}" if label else name] = float(value)
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total")
        if kind == "histogram":
            buckets = [value for key, value in samples.items() if key.startswith(f"{name}_bucket:")]
            bounds = [float(key.rpartition(":")[2]) for key in samples if key.startswith(f"{name}_bucket:")]
            assert buckets == sorted(buckets)
            assert bounds == sorted(bounds)
            assert bounds[-1] == math.inf
            assert buckets[-1] == samples[f"{name}_count"]
    return samples


def test_what_happened_stands_in_the_figures(edge: EdgeClient) -> None:
    before = read(edge)
    edge.submit(GOOD)
    edge.submit(changed(name=""))
    after = read(edge)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown["tianbao_submissions_total:accepted"] == 1
    assert grown["tianbao_submissions_total:invalid"] == 1
    assert grown["tianbao_commits_total"] == grown["tianbao_commit_seconds_count"] == 1
    assert grown["tianbao_batch_submissions_sum"] == 1
    assert grown["tianbao_projection_lag_submissions"] == 1  # nobody projects here
    assert after["tianbao_projection_lag_seconds"] >= 0
    assert after["tianbao_queue_depth"] == 0


def test_a_figure_at_a_bound_belongs_below_it() -> None:
    histogram = Histogram((1, 2))
    for figure in (0.5, 1, 2, 3):
        histogram.observe(figure)
    assert list(histogram.cumulative()) == [(1, 2), (2, 3)]
    assert (histogram.count, histogram.sum) == (4, 6.5)


def test_staff_read_how_far_the_numbers_are_behind(signed_in: Client) -> None:
    newest = Submission.objects.order_by("-seq").first()
    done = newest.seq if newest else 0
    Cursor.objects.update_or_create(name=CURSOR, defaults={"seq": done})
    assert "已全部计入" in signed_in.get("/console/").content.decode()
    for second in (1, 2):
        key, record = uuid4(), uuid4()
        Submission.objects.create(
            id=record, record=record, revision=1, kind=1, source=1, site="7K3PM", county="130636", form="migrant",
            version=1, received_ms=second * 1000, secret_digest=b"", mac=b"", data_key=key, sealed_key=b"", sealed=b"",
            facts="{}",
        )  # fmt: skip
    lag = find_lag(now_ms=301_000)
    assert (lag.submissions, lag.seconds, lag.minutes) == (2, 300, 5)
    page = signed_in.get("/console/?lang=zh-hans").content.decode()
    assert "尚未计入以下数字和台账的登记：2 条" in page
