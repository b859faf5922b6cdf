"""Which registers are read together."""

from hypothesis import given
from hypothesis import strategies as st

from edge.blocks import plan_blocks
from edge.profiles import Field, Profile, RegisterType, encode, load_profile
from telemetry import CHANNELS, Quality


def shapes(name: str) -> list[tuple[int, int, int]]:
    return [(block.function, block.address, block.count) for block in plan_blocks(load_profile(name))]


def test_the_built_in_devices_need_as_few_reads_as_their_limits_allow() -> None:
    assert shapes("eastron-sdm120")[0] == (4, 0x0000, 32)
    assert shapes("xy-md02") == [(4, 0x0001, 2)]
    assert shapes("generic-plc") == [(3, 0, 4)]


def profile(fields: list[Field], max_registers: int = 125, max_gap: int = 8) -> Profile:
    return Profile(
        "p", "", "", "sensor", "", False, 0, fields, [], max_registers=max_registers, max_gap=max_gap, digest=""
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([3, 4]), st.integers(0, 300), st.sampled_from(["uint16", "float32", "float64"])),
        min_size=1,
        max_size=20,
    ),
    st.integers(4, 125),
    st.integers(0, 40),
)
def test_every_field_is_read_once_and_no_limit_is_passed(
    places: list[tuple[int, int, str]], max_registers: int, max_gap: int
) -> None:
    names = list(CHANNELS)
    fields = [
        Field(names[i], 3 if function == 3 else 4, address, RegisterType(kind))
        for i, (function, address, kind) in enumerate(places)
    ]
    blocks = plan_blocks(profile(fields, max_registers, max_gap))
    assert sorted(f.channel for b in blocks for f in b.members if isinstance(f, Field)) == sorted(
        f.channel for f in fields
    )
    for block in blocks:
        assert block.count <= max_registers
        used = sorted((f.address, f.end) for f in block.members)
        assert used[0][0] == block.address
        assert max(end for _, end in used) == block.address + block.count
        reach = used[0][1]
        for start, end in used[1:]:
            assert start - reach <= max_gap
            reach = max(reach, end)
        assert {f.function for f in block.members} == {block.function}


def test_a_block_decodes_to_the_values_its_registers_were_made_from() -> None:
    meter = load_profile("eastron-sdm630")
    block = plan_blocks(meter)[0]
    words = {(4, at): 0 for at in range(block.count)} | encode(meter, {"active_power_w": 12500.0, "frequency_hz": 60.0})
    decoded = block.decode([words[4, at] for at in range(block.count)])
    assert (decoded["active_power_w"], decoded["frequency_hz"]) == (12500.0, 60.0)
    assert len(decoded) == len(block.channels)


def test_a_block_says_which_of_its_channels_hold_no_value() -> None:
    (block,) = plan_blocks(load_profile("generic-plc"))
    assert block.decode([0, 7, 3, 0xFFFF]) == {
        "production_count": 7.0,
        "run_state": 3.0,
        "cycle_time_s": Quality.SENTINEL,
    }
