"""A block decoded in one go says what its fields say one by one."""

import math
import struct
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.profiles import BlockDecoder, Factor, Field, Order, RegisterType, builtin_profiles, decode, load_profile
from telemetry import CHANNELS, Kind, Quality

FOUR = [Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA]
NUMBERS = [kind for kind in RegisterType if kind not in {RegisterType.STRING, RegisterType.BIT}]
NAMES = [name for name, known in CHANNELS.items() if known.kind is not Kind.STATE]


class Described:
    """The least of a profile that decoding needs."""

    def __init__(self, fields: list[Field], factors: list[Factor]) -> None:
        self.fields = fields
        self.factors = factors


@st.composite
def described_fields(draw: st.DrawFn) -> tuple[list[Field], list[Factor], int]:
    """Fields and factors side by side, some apart, some on one another, of every type and order."""
    factors = [
        Factor("exponent", 3, 0, RegisterType.INT16, power_of_ten=True, sentinels=[0x8000]),
        Factor("ratio", 3, 1, RegisterType.UINT16, scale=0.1),
    ]
    fields: list[Field] = []
    at = 2
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=12)):
        kind = draw(st.sampled_from(NUMBERS))
        orders = list(Order) if kind.words == 4 else FOUR
        place = draw(st.sampled_from([at, at, at + 1, max(2, at - 1)]))
        pattern = draw(st.integers(0, 2 ** (16 * kind.words) - 1))
        masked = kind in {RegisterType.UINT16, RegisterType.UINT32} and draw(st.booleans())
        fields.append(
            Field(
                name, 3, place, kind, draw(st.sampled_from(orders)),
                scale=draw(st.sampled_from([1.0, 0.1, 0.001, 1000.0, -0.5])),
                offset=draw(st.sampled_from([0.0, -40.0, 0.5])),
                sentinels=draw(st.sampled_from([[], [0], [pattern], [0, pattern]])),
                mask=draw(st.integers(1, 0xFFFF)) if masked else None,
                multiply=draw(st.sampled_from([[], [], ["exponent"], ["ratio", "exponent"]])),
                divide=draw(st.sampled_from([[], [], ["ratio"]])),
            )
        )  # fmt: skip
        at = max(at, fields[-1].end)
    return fields, factors, max(at, *(field.end for field in fields))


interesting = st.sampled_from([0, 0, 1, 2, 0x8000, 0xFFFF, 0x7FC0, 0x7F80, 0x4366, 0x3FF0, 0x9999, 0x0012])


@settings(max_examples=60, deadline=None)
@given(described_fields(), st.data())
def test_a_block_means_what_its_fields_mean_whatever_their_types_orders_and_factors(
    described: tuple[list[Field], list[Factor], int], data: st.DataObject
) -> None:
    fields, factors, count = described
    quick, alone = BlockDecoder(0, count, [*fields, *factors]), BlockDecoder(0, count, fields)
    for _ in range(3):  # the same decoder again: what it remembers must not show
        words = data.draw(st.lists(interesting | st.integers(0, 0xFFFF), min_size=count, max_size=count))
        expected = decode(Described(fields, factors), {(3, at): word for at, word in enumerate(words)})  # type: ignore[arg-type]
        known: dict[str, Fraction | Quality] = {}
        got = quick.decode(words, known)
        row = alone.row(struct.pack(f">{count}H", *words), known)
        assert row is None or dict(zip(*row, strict=True)) == expected
        assert len(dict(got)) == len(got)
        assert dict(got) == expected
        assert all(isinstance(value, Quality) or math.copysign(1, value or 1) for _, value in got)


def test_every_built_in_profile_decodes_alike_on_both_roads() -> None:
    for name in builtin_profiles():
        profile = load_profile(name)
        for golden in profile.goldens:
            for block in golden.registers:
                members = [
                    member
                    for member in profile.members
                    if member.function == block.function
                    and block.address <= member.address
                    and member.end <= block.address + len(block.words)
                ]
                got = BlockDecoder(block.address, len(block.words), members).decode(block.words)
                registers = {(int(block.function), block.address + n): word for n, word in enumerate(block.words)}
                slow = decode(profile, registers)
                assert dict(got) == {name: slow[name] for name, _ in got}


def test_a_factor_of_another_block_is_remembered_and_a_field_waits_for_it() -> None:
    ratio = Factor("ct", 3, 100, RegisterType.UINT16)
    current = Field("current_l1_a", 3, 0, RegisterType.UINT16, scale=0.001, multiply=["ct"])
    voltage = Field("voltage_l1_v", 3, 1, RegisterType.UINT16, scale=0.1)
    values, ratios = BlockDecoder(0, 2, [current, voltage]), BlockDecoder(100, 1, [ratio])
    known: dict[str, Fraction | Quality] = {}
    assert values.decode([5000, 2305], known) == [("voltage_l1_v", 230.5)]
    assert ratios.decode([40], known) == []
    assert dict(values.decode([5000, 2305], known)) == {"current_l1_a": 200.0, "voltage_l1_v": 230.5}
    ratios.decode([0], known)
    assert dict(values.decode([5000, 2305], known)) == {"current_l1_a": Quality.SENTINEL, "voltage_l1_v": 230.5}
    ratios.decode([80], known)
    assert dict(values.decode([5000, 2305], known))["current_l1_a"] == 400.0


def test_a_row_is_what_nearly_all_reads_are_and_leaves_the_others_alone() -> None:
    fields = [Field(f"voltage_l{n}_v", 4, 2 * n, RegisterType.FLOAT32, Order.CDAB) for n in (1, 2, 3)]
    block, names = BlockDecoder(2, 6, fields), ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")

    def data(*values: float) -> bytes:
        return b"".join(struct.pack(">f", value)[2:] + struct.pack(">f", value)[:2] for value in values)

    assert block.row(data(230.5, -0.0, 229.25), {}) == (names, [230.5, 0.0, 229.25])
    assert block.row(data(230.5, math.nan, 229.25), {}) is None
    assert block.row(data(230.5, 231.5, 1e9), {}) is None
    marked = BlockDecoder(0, 1, [Field("voltage_l1_v", 4, 0, RegisterType.UINT16, sentinels=[0xFFFF])])
    assert marked.row(b"\xff\xff", {}) is None
    ratio = Field("current_l1_a", 3, 0, RegisterType.UINT16, scale=0.001, multiply=["ct"])
    scaled = BlockDecoder(0, 1, [ratio])
    assert scaled.row(b"\x13\x88", {}) is None
    assert scaled.row(b"\x13\x88", {"ct": Fraction(40)}) == (("current_l1_a",), [200.0])
    assert scaled.row(b"\x13\x88", {"ct": Quality.SENTINEL}) is None


def test_coils_are_nought_or_one() -> None:
    running = Field("run_state", 1, 8, RegisterType.BIT, enum={0: 1, 1: 3})
    assert BlockDecoder(8, 2, [running]).decode([1, 0]) == [("run_state", 3.0)]


def test_one_bad_value_does_not_take_its_neighbours_with_it() -> None:
    fields = [Field(f"voltage_l{n}_v", 4, 2 * n, RegisterType.FLOAT32) for n in (1, 2, 3)]
    words = struct.unpack(">6H", struct.pack(">3f", 230.5, math.nan, 1e9))
    assert dict(BlockDecoder(2, 6, fields).decode(words)) == {
        "voltage_l1_v": 230.5,
        "voltage_l2_v": Quality.SENTINEL,
        "voltage_l3_v": Quality.RANGE,
    }
