"""The counters that the processes of a host share."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from common.throttling import HostCounters


def hit_often(path):
    counters = HostCounters(Path(path))
    return sum(counters.hit("one", (500, 60)) == 0 for _ in range(400))


def test_the_processes_of_a_host_count_together(tmp_path):
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
        passed = list(processes.map(hit_often, [str(tmp_path / "counters")] * 4))

    assert sum(passed) == 500


def test_a_counter_starts_again_when_its_time_is_over(tmp_path):
    counters = HostCounters(tmp_path / "counters")
    assert [counters.hit("one", (1, 1)), counters.hit("one", (1, 1))] == [0, 1]

    time.sleep(1)

    assert counters.hit("one", (1, 1)) == 0


def test_far_more_keys_than_slots_are_counted_without_an_error(tmp_path):
    counters = HostCounters(tmp_path / "counters")

    assert {counters.hit(str(number), (1, 60)) for number in range(100_000)} == {0}
