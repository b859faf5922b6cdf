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


@pytest.mark.parametrize(
    ("energy", "told"),
    [
        ('"Total":[1.5,2.5],"Power":[100,50],"Voltage":231', (150.0, 4000.0, None)),
        ('"Total":4,"ExportActive":[1,0.5],"Power":[100,-50],"Voltage":[231,230]', (50.0, 4000.0, 1500.0)),
        ('"Total":[1,2,3],"ExportActive":[1,1,1],"Power":[1,2,3],"Frequency":[60,60,60]', (6.0, 6000.0, 3000.0)),
        ('"Total":6,"ExportActive":3,"Power":[1,2,3],"Frequency":60', (6.0, 6000.0, 3000.0)),
        ('"Total":6,"ExportActive":3,"Power":-6,"Frequency":60', (-6.0, 6000.0, 3000.0)),
    ],
)
def test_a_tasmota_meter_is_read_whole_whether_it_tells_of_phases_in_lists_or_not(
    energy: str, told: tuple[float | None, ...]
) -> None:
    payload = f'{{"Time":"2026-11-22T10:00:00","ENERGY":{{{energy}}}}}'.encode()
    trial = try_message(load_mappings([Map("tasmota", site="plant", timezone="UTC")]), "tele/m/SENSOR", payload, NOW)
    found = {one.channel: one.value for each in trial.readings for one in each.values}
    assert tuple(found.get(each) for each in ("active_power_w", "energy_import_wh", "energy_export_wh")) == told
    assert (trial.refused, {each.device for each in trial.readings}) == ([], {"m"})
    assert ("Frequency" in energy) is ("frequency_hz" in found)


def test_the_status_topics_of_a_shelly_name_devices_as_its_notifications_do() -> None:
    both = load_mappings([Map("shelly-gen2", site="plant"), Map("shelly-gen2-status", site="plant")])
    for part, values in (
        ("em:0", '{"total_act_power":2484.5,"a_voltage":230.5}'),
        ("em1:1", '{"act_power":501.8,"pf":0.84}'),
        ("em1data:2", '{"total_act_energy":7.5}'),
        ("switch:0", '{"apower":50.5,"temperature":{"tC":41.5}}'),
        ("switch:3", '{"apower":50.5,"aenergy":{"total":12.5}}'),
        ("pm1:0", '{"apower":50.5,"freq":60}'),
    ):
        notified = f'{{"method":"NotifyStatus","params":{{"ts":{NOW / 1000},"{part}":{values}}}}}'
        told = [
            [(each.device, one.channel, one.value) for each in trial.readings for one in each.values]
            for trial in (
                try_message(both, "shelly-1/events/rpc", notified.encode(), NOW),
                try_message(both, f"shelly-1/status/{part}", values.encode(), NOW),
            )
        ]
        assert told[0]
        assert told[0] == told[1]
    assert try_message(both, "shelly-1/status/wifi", b'{"rssi":-61}', NOW).left == "no_rule"


def test_a_trial_of_a_message_that_no_rule_applies_to_tells_why() -> None:
    mappings = load_mappings([Map("telegraf", site="plant"), Map("shelly-gen2", site="plant")])
    event = try_message(mappings, "s/events/rpc", b'{"method":"NotifyEvent","params":{"ts":1}}', NOW)
    assert {(each.why, each.path) for each in event.idle} == {("where", "method")}
    assert event.readings == []
    named = try_message(mappings, "telegraf/gw/modbus", b'{"fields":{"Power":1.5},"timestamp":1}', NOW)
    assert [(each.why, each.path) for each in named.idle] == [("each", "metrics")]
    assert [(each.path, each.channel) for each in named.unmapped] == [("fields.Power", "active_power_w")]
