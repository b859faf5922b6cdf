"""A read that a device refuses is cut, the cuts are remembered over a restart and said."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from structlog.testing import capture_logs

from edge.blocks import blocks_of, halves, plan_blocks
from edge.links import parse_url
from edge.polled_device import PolledDevice
from edge.polling import BusPoller
from edge.profiles import Field, Profile, Rate, RegisterType
from edge.rates import Pace
from edge.splits import Splits
from telemetry import Quality
from tests.edge.test_polling import Notebook, events
from tests.edge.wires import Asked, Step, hostile_tcp, until

PLACES = {
    "voltage_l1_v": 0,
    "voltage_l2_v": 1,
    "voltage_l3_v": 2,
    "current_l1_a": 6,
    "current_l2_a": 7,
    "current_l3_a": 8,
    "frequency_hz": 20,
}


def meter(max_gap: int = 16, digest: str = "d1") -> Profile:
    fields = [Field(name, 3, address, RegisterType.UINT16) for name, address in PLACES.items()]
    return Profile("meter", "", "", "power_meter", "", False, 0, fields, [], max_gap=max_gap, digest=digest)


def test_a_block_is_cut_first_where_it_is_hollow_and_then_in_the_middle() -> None:
    (block,) = plan_blocks(meter())
    assert (block.address, block.count) == (0, 21)
    wall, left, right = halves(meter(), block) or ((0, 0), block, block)
    assert (wall, left.count, right.count) == ((3, 20), 9, 1)
    wall, left, right = halves(meter(), left) or ((0, 0), block, block)
    assert (wall, left.count, right.count) == ((3, 6), 3, 3)
    wall, left, right = halves(meter(), right) or ((0, 0), block, block)
    assert (wall, left.count, right.count) == ((3, 7), 1, 2)
    assert halves(meter(), left) is None


def test_a_wall_is_never_read_over() -> None:
    blocks = plan_blocks(meter(), walls={(3, 6), (3, 20)})
    assert [(block.address, block.count) for block in blocks] == [(0, 3), (6, 3), (20, 1)]
    assert blocks_of(meter(), []) == []


def _poll(
    folder: Path, script_holes: set[int], exception: int, until_rows: int, profile: Profile
) -> tuple[list[Asked], Notebook, PolledDevice, list[dict[str, object]]]:
    def script(asked: Asked) -> Iterable[Step]:
        touched = set(range(asked.address, asked.address + asked.count))
        if touched & script_holes:
            return [asked.tcp(bytes([asked.function | 0x80, exception]))]
        return [asked.tcp(asked.pdu(words=[60] * asked.count))]

    async def run() -> None:
        async with hostile_tcp(script) as hostile:
            poller = BusPoller("panel", parse_url(hostile.url), 1.0, [device], notebook)
            task = asyncio.create_task(poller.run())
            await until(lambda: len(notebook.series("m", "voltage_l1_v")) >= until_rows, "readings")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            asked.extend(hostile.asked)

    asked: list[Asked] = []
    notebook = Notebook()
    device = PolledDevice("m", 1, profile, Pace(20, 200), splits=Splits(folder))
    with capture_logs() as logs:
        asyncio.run(run())
    return asked, notebook, device, list(map(dict, logs))


def test_a_refused_block_is_read_in_parts_from_then_on_even_after_a_restart(tmp_path: Path) -> None:
    holes = {3, 4, 5, *range(9, 20)}
    asked, notebook, _, logs = _poll(tmp_path, holes, 2, 3, meter())
    assert [(each.address, each.count) for each in asked[:5]] == [(0, 21), (0, 9), (0, 3), (6, 3), (20, 1)]
    assert sum(each.count == 21 for each in asked) == 1
    assert set().union(*(values for _, values in notebook.rows["m"])) == set(PLACES)
    (said,) = events(logs, "block_split")
    assert said["says"] == (
        "m: refuses 21 registers from 0x0000 (function 3) in one read; from now on it is read in parts, "
        "cut before 0x0006, 0x0014"
    )
    again, _, _, logs = _poll(tmp_path, holes, 2, 2, meter())
    assert [(each.address, each.count) for each in again[:3]] == [(0, 3), (6, 3), (20, 1)]
    assert events(logs, "block_split") == []
    other, _, _, _ = _poll(tmp_path, holes, 2, 1, meter(digest="d2"))
    assert other[0].count == 21  # learned with another profile


def test_what_is_refused_alone_is_left_alone_and_the_rest_is_read(tmp_path: Path) -> None:
    asked, notebook, device, logs = _poll(tmp_path, {7}, 3, 10, meter())
    alone = [each for each in asked if (each.address, each.count) == (7, 1)]
    assert len(alone) <= 2  # asked again after its pause, a second and longer
    assert notebook.series("m", "current_l2_a") == []
    assert len(notebook.series("m", "current_l3_a")) >= 9
    assert not device.health.failing
    assert device.refused == [(3, 7, 1)]
    (said,) = events(logs, "registers_refused")
    assert said["channels"] == ["current_l2_a"]
    assert device.health.errors[Quality.EXCEPTION] >= 3


def test_a_device_that_refuses_everything_is_not_cut_to_pieces(tmp_path: Path) -> None:
    device = PolledDevice("m", 1, meter(), Pace(20, 200), splits=Splits(tmp_path))

    async def run() -> None:
        async with hostile_tcp(lambda asked: [asked.tcp(bytes([asked.function | 0x80, 2]))]) as hostile:
            poller = BusPoller("panel", parse_url(hostile.url), 1.0, [device], Notebook())
            task = asyncio.create_task(poller.run())
            await until(lambda: device.health.suspect, "the device is suspect")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert Splits(tmp_path).walls("m", "d1") == frozenset()
    assert [(block.address, block.count) for block, _ in device.plan((Rate.FAST,))] == []  # in its pause


def test_a_memory_that_cannot_be_read_or_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "splits.json").write_text("{", encoding="utf-8")
    with capture_logs() as logs:
        splits = Splits(tmp_path)
        assert splits.walls("m", "d1") == frozenset()
        nowhere = Splits(tmp_path / "absent")
        nowhere.add("m", "d1", [(3, 6)])
    assert [entry["event"] for entry in logs] == ["splits_unreadable", "splits_not_saved"]
    assert nowhere.walls("m", "d1") == {(3, 6)}
