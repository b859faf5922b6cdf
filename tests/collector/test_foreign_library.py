"""Messages of meters that have several channels, and what a trial says of a value that would not be stored."""

from __future__ import annotations

import pytest

from collector.foreign import Map, load_mappings, try_message

NOW = 1_795_387_200_000


@pytest.mark.parametrize(
    ("mapping", "topic", "payload", "device", "channel", "value"),
    [
        ("shelly-gen2", "pro3em/events/rpc", '"em1:2":{"act_power":-501.8}', "pro3em-3", "active_power_w", -501.8),
        (
            "shelly-gen2",
            "pro3em/events/rpc",
            '"em1data:2":{"total_act_energy":7.5}',
            "pro3em-3",
            "energy_import_wh",
            7.5,
        ),
        ("shelly-gen2", "pro4pm/events/rpc", '"switch:0":{"apower":50.5}', "pro4pm", "active_power_w", 50.5),
        ("shelly-gen2", "pro4pm/events/rpc", '"switch:3":{"apower":50.5}', "pro4pm-4", "active_power_w", 50.5),
        ("shelly-gen1", "shellies/switch25/relay/1/energy", "6", "switch25-2", "energy_import_wh", 0.1),
    ],
)
def test_every_channel_of_a_meter_with_several_is_read(
    mapping: str, topic: str, payload: str, device: str, channel: str, value: float
) -> None:
    if mapping == "shelly-gen2":
        payload = f'{{"method":"NotifyStatus","params":{{"ts":{NOW / 1000},{payload}}}}}'
    trial = try_message(load_mappings([Map(mapping, site="plant")]), topic, payload.encode(), NOW)
    told = [(each.device, one.channel, one.value) for each in trial.readings for one in each.values]
    assert (told, trial.stored) == ([(device, channel, value)], 1)


@pytest.mark.parametrize("topic", ["energy/plant/press-1", "energy/plant/프레스"])
def test_a_trial_tells_no_stored_value_where_none_would_be_stored(topic: str) -> None:
    payload = f'{{"time": {NOW}, "power_factor": 97, "active_power_w": 1520}}'
    trial = try_message(load_mappings(["node-red"]), topic, payload.encode(), NOW)
    told = {one.channel: one.value for each in trial.readings for one in each.values}
    assert told == {"power_factor": None, "active_power_w": 1520.0 if topic.isascii() else None}
    assert topic.isascii() is ("outside -1 to 1" in {each.detail for each in trial.refused})
    assert trial.stored == sum(value is not None for value in told.values())


def test_a_word_that_is_not_listed_is_told_with_those_that_are() -> None:
    payload = f'{{"time": {NOW}, "run_state": "on"}}'
    (refused,) = try_message(load_mappings(["node-red"]), "energy/plant/press-1", payload.encode(), NOW).refused
    assert "none of the words true, false; add it under words:" in refused.detail
