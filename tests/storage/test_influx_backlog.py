"""On a real InfluxDB, too, roll-ups grow by what the counter grew, however late its readings come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import InfluxStore
from tests.parts import Database
from tests.storage import test_duck_backlog as either
from tests.storage.parts import open_influx


@pytest.fixture
def store(influxdb: Database, influx_database: str) -> Iterator[InfluxStore]:
    store = open_influx(influxdb, influx_database)
    yield store
    store.close()


test_a_backlog_older_than_what_is_kept_loses_no_step_and_counts_none_twice = (
    either.test_a_backlog_older_than_what_is_kept_loses_no_step_and_counts_none_twice
)
test_a_gap_of_a_meter_that_is_rarely_read_counts_once_though_it_is_rolled_while_it_is_young = (
    either.test_a_gap_of_a_meter_that_is_rarely_read_counts_once_though_it_is_rolled_while_it_is_young
)
test_what_a_silent_meter_ran_on_is_in_its_first_quarter_hour_though_its_last_readings_were_deleted = (
    either.test_what_a_silent_meter_ran_on_is_in_its_first_quarter_hour_though_its_last_readings_were_deleted
)
test_a_step_from_what_stays_beside_deleted_readings_belongs_whole_to_what_comes_late = (
    either.test_a_step_from_what_stays_beside_deleted_readings_belongs_whole_to_what_comes_late
)
test_history_in_front_of_deleted_readings_is_joined_to_them = (
    either.test_history_in_front_of_deleted_readings_is_joined_to_them
)
