"""SunSpec devices described by themselves, against register images that another implementation made.

The images were made with pysunspec2 (github.com/sunspec/pysunspec2 at f2ece9a, Apache-2.0) from the values named beside
them, points left out being "not implemented"; its common model is the one of its own test_modbus_client.py. It writes
a float that is not implemented as 0x4EFF8000; here it is the specification's NaN, 0x7FC00000.
"""

import asyncio
import struct
from collections.abc import Sequence

import pytest
from pymodbus.client import AsyncModbusTcpClient

from edge.profiles import (
    Answers,
    BlockDecoder,
    SunSpecDevice,
    decode,
    decode_identity,
    discover,
    discover_async,
    parse_profile,
    recognise,
)
from telemetry import Quality
from tests.edge.wires import device, tcp_server

COMMON = (
    "0001004253756e5370656354657374000000000000000000000000000000000000000000546573744465766963652d3100000000"
    "000000000000000000000000000000006f70745f615f625f6300000000000000312e322e330000000000000000000000736e2d31"
    "3233343536373839000000000000000000000000000000000000000000010000"
)
# AphA 1234, AphB 1180, AphC 1201, A_SF -2; PhVphA 2305, PhVphB 2298, PhVphC 2300, PhVphAB 3990, PhVphBC 3981,
# PhVphCA 3984, V_SF -1; Hz 6001, Hz_SF -2; W -812, WphA -270, WphB -268, WphC -274, W_SF 1; VA 833, VA_SF 1; PF -975,
# PFphA -97, PF_SF -1; TotWhExp 123456, TotWhImp 4000000000, TotWh_SF 1
METER_203 = (
    "00cb0069ffff04d2049c04b1fffe08fd090108fa08fc0f910f960f8d0f90ffff1771fffefcd4fef2fef4feee0001034180008000"
    "8000000180008000800080008000fc31ff9f80008000ffff0001e240000000000000000000000000ee6b28000000000000000000"
    "00000000000100000000000000000000000000000000000000000000000000000000000000008000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "8000ffffffff"
)
# AphA 12.5, AphB 12.25, PhVphA 230.5, PPVphAB 399.0, Hz 59.98, W 5432.5, WphA 1800.25, VA 5600.0, VAR -120.5, PF 0.97,
# TotWhExp 1024.0, TotWhImp 123456792.0
METER_213 = (
    "00d5007c7fc0000041480000414400007fc000007fc00000436680007fc000007fc000007fc0000043c780007fc000007fc00000"
    "426feb8545a9c40044e108007fc000007fc0000045af00007fc000007fc000007fc00000c2f100007fc000007fc000007fc00000"
    "3f7851ec7fc000007fc000007fc00000448000007fc000007fc000007fc000004ceb79a37fc000007fc000007fc000007fc00000"
    "7fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc00000"
    "7fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc00000ffffffff"
)
# AphA 100, AphB 101, AphC 99, A_SF -1; PPVphAB 4001; PhVphA 2310, PhVphB 2312, PhVphC 2309, V_SF -1; W 6900, W_SF 0;
# Hz 5999, Hz_SF -2; WH 98765432, WH_SF 0; TmpCab 415, Tmp_SF -1; St 4
INVERTER_103 = (
    "00670032012c006400650063ffff0fa1ffffffff090609080905ffff1af40000176ffffe80008000800080008000800005e30a78"
    "0000ffff8000ffff800080008000019f800080008000ffff0004ffffffffffffffffffffffffffffffffffffffffffffffffffff"
)
# AphA 10.0, AphB 10.1, AphC 9.9, PhVphA 231.0, W 6900.5, Hz 60.01, WH 98765432.0, TmpCab 41.5, St 4
INVERTER_113 = (
    "0071003c41f00000412000004121999a411e66667fc000007fc000007fc00000436700007fc000007fc0000045d7a40042700a3d"
    "7fc000007fc000007fc000004cbc614f7fc000007fc000007fc00000422600007fc000007fc000007fc000000004ffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffff"
)
EXPECTED_203 = {
    "current_l1_a": 12.34, "current_l2_a": 11.8, "current_l3_a": 12.01,
    "voltage_l1_v": 230.5, "voltage_l2_v": 229.8, "voltage_l3_v": 230.0,
    "voltage_l12_v": 399.0, "voltage_l23_v": 398.1, "voltage_l31_v": 398.4,
    "frequency_hz": 60.01, "active_power_w": -8120.0,
    "active_power_l1_w": -2700.0, "active_power_l2_w": -2680.0, "active_power_l3_w": -2740.0,
    "apparent_power_va": 8330.0, "power_factor": -0.975, "power_factor_l1": -0.097,
    "energy_export_wh": 1_234_560.0, "energy_import_wh": 40_000_000_000.0,
}  # fmt: skip
EXPECTED_213 = {
    "current_l1_a": 12.5, "current_l2_a": 12.25, "voltage_l1_v": 230.5, "voltage_l12_v": 399.0, "frequency_hz": 59.98,
    "active_power_w": 5432.5, "active_power_l1_w": 1800.25, "apparent_power_va": 5600.0, "reactive_power_var": -120.5,
    "power_factor": 0.97, "energy_export_wh": 1024.0, "energy_import_wh": 123_456_792.0,
}  # fmt: skip
EXPECTED_103 = {
    "current_l1_a": 10.0, "current_l2_a": 10.1, "current_l3_a": 9.9, "voltage_l12_v": 400.1, "voltage_l1_v": 231.0,
    "voltage_l2_v": 231.2, "voltage_l3_v": 230.9, "active_power_w": -6900.0, "frequency_hz": 59.99,
    "energy_export_wh": 98_765_432.0, "temperature_c": 41.5,
}  # fmt: skip
EXPECTED_113 = {
    "current_l1_a": 10.0, "current_l2_a": 10.1, "current_l3_a": 9.9, "voltage_l1_v": 231.0, "active_power_w": -6900.5,
    "frequency_hz": 60.01, "energy_export_wh": 98_765_432.0, "temperature_c": 41.5,
}  # fmt: skip
IDENTITY = {"vendor": "SunSpecTest", "model": "TestDevice-1", "firmware": "1.2.3", "serial_number": "sn-123456789"}
ALL = [
    (203, METER_203, EXPECTED_203),
    (213, METER_213, EXPECTED_213),
    (103, INVERTER_103, EXPECTED_103),
    (113, INVERTER_113, EXPECTED_113),
]


def image(*models: str, base: int = 40_000, end: str = "ffff0000") -> dict[int, int]:
    data = bytes.fromhex("53756e53" + "".join(models) + end)
    return {base + at: word for at, (word,) in enumerate(struct.iter_unpack(">H", data))}


class Registers:
    """A device that answers what it has and refuses the rest."""

    def __init__(self, words: dict[int, int]) -> None:
        self.words = words
        self.asked: list[tuple[int, int, int]] = []

    def read(self, function: int, address: int, count: int) -> Sequence[int] | None:
        self.asked.append((function, address, count))
        wanted = range(address, address + count)
        if function != 3 or count > 125 or not all(at in self.words for at in wanted):
            return None
        return [self.words[at] for at in wanted]


def found(words: dict[int, int]) -> SunSpecDevice:
    device = discover(Registers(words).read)
    assert device is not None
    return device


def values_of(device: SunSpecDevice, words: dict[int, int]) -> dict[str, float | Quality]:
    (profile,) = device.profiles
    return decode(profile, {(3, at): word for at, word in words.items()})


@pytest.mark.parametrize("base", [40_000, 50_000, 0])
@pytest.mark.parametrize(("number", "model", "expected"), ALL)
def test_a_models_points_become_channels_wherever_the_chain_begins(
    number: int, model: str, expected: dict[str, float], base: int
) -> None:
    words = image(COMMON, model, base=base)
    device = found(words)
    assert device.base == base
    assert [each.number for each in device.models] == [1, number]
    assert device.identity == IDENTITY
    assert device.complete
    assert values_of(device, words) == pytest.approx(expected, rel=1e-7)


def test_the_device_identifies_itself_and_is_recognised() -> None:
    words = image(COMMON, METER_203)
    (profile,) = found(words).profiles
    registers = {(3, at): word for at, word in words.items()}
    assert decode_identity(profile, registers) == IDENTITY
    assert recognise(profile, Answers(registers)) == 80
    assert recognise(profile, Answers({**registers, (3, 40_000): 1})) == 0
    assert (profile.vendor, profile.model) == ("SunSpecTest", "TestDevice-1")


def test_models_that_measure_nothing_are_stepped_over() -> None:
    unknown = "fe00" + "0003" + "0001" * 3
    words = image(COMMON, unknown, METER_213, unknown)
    device = found(words)
    assert [model.number for model in device.models] == [1, 0xFE00, 213, 0xFE00]
    assert values_of(device, words)["active_power_w"] == 5432.5


def test_an_inverter_and_its_meter_become_two_profiles_and_twins_are_told_apart() -> None:
    device = found(image(COMMON, INVERTER_103, METER_203, METER_203))
    assert [profile.name for profile in device.profiles] == ["sunspec-103", "sunspec-203", "sunspec-203-2"]


def test_a_found_profile_is_kept_as_yaml_and_means_the_same() -> None:
    device = found(image(COMMON, METER_203))
    assert parse_profile(device.texts[0], "kept.yaml") == device.profiles[0]
    (golden,) = device.profiles[0].goldens
    assert golden.values["active_power_w"] == -8120.0


def test_a_scale_factor_that_changes_is_followed_at_once() -> None:
    words = image(COMMON, METER_203)
    (profile,) = found(words).profiles
    start, count = 40_070, 107
    block = BlockDecoder(start, count, profile.members)
    before = dict(block.decode([words[start + n] for n in range(count)]))
    words[start + 22] = 2  # W_SF
    after = dict(block.decode([words[start + n] for n in range(count)]))
    assert (before["active_power_w"], after["active_power_w"]) == (-8120.0, -81200.0)
    words[start + 22] = 0x8000
    assert dict(block.decode([words[start + n] for n in range(count)]))["active_power_w"] is Quality.SENTINEL


def test_an_inverter_that_sleeps_when_it_is_found_keeps_its_mandatory_points() -> None:
    asleep = found(image(COMMON, "00670032" + "8000" * 50))
    assert {"active_power_w", "frequency_hz", "energy_export_wh", "temperature_c"} <= set(asleep.profiles[0].channels)
    assert "apparent_power_va" not in asleep.profiles[0].channels


def test_a_counter_rolls_over_where_its_scaled_register_does() -> None:
    (profile,) = found(image(COMMON, METER_203)).profiles
    field = next(field for field in profile.fields if field.channel == "energy_import_wh")
    assert field.modulus == 2**32 * 10
    assert field.rate == "slow"


def test_registers_without_the_marker_are_no_sunspec() -> None:
    registers = Registers(dict.fromkeys(range(200), 0))
    assert discover(registers.read) is None
    assert registers.asked == [(3, 40_000, 2), (3, 50_000, 2), (3, 0, 2)]


def test_a_chain_that_breaks_off_or_never_ends_is_followed_as_far_as_it_can_be() -> None:
    broken = found(image(COMMON, METER_203, end=""))
    assert not broken.complete
    assert [profile.name for profile in broken.profiles] == ["sunspec-203"]
    assert not found(dict.fromkeys(range(40_002, 65_536), 1) | image(end="")).complete
    short = image(COMMON, METER_203)
    del short[max(short)]  # ends with the number alone
    assert found(short).complete


def test_a_model_shorter_than_its_points_gives_those_it_has() -> None:
    (profile,) = found(image("00cb0013" + METER_203[8 : 8 + 4 * 0x13])).profiles
    assert "active_power_l2_w" in profile.channels
    assert "active_power_l3_w" not in profile.channels


def test_a_real_server_is_walked() -> None:
    async def walked() -> SunSpecDevice | None:
        words = image(COMMON, METER_203)
        async with tcp_server(device(1, words, {})) as url:
            client = AsyncModbusTcpClient("127.0.0.1", port=int(url.rsplit(":", 1)[1]))
            await client.connect()

            async def read(function: int, address: int, count: int) -> Sequence[int] | None:
                assert function == 3
                reply = await client.read_holding_registers(address, count=count, device_id=1)
                return None if reply.isError() else reply.registers

            try:
                return await discover_async(read)
            finally:
                client.close()

    device_found = asyncio.run(walked())
    assert device_found is not None
    assert device_found.complete
    assert values_of(device_found, image(COMMON, METER_203)) == pytest.approx(EXPECTED_203)
