"""History from files: `wattproof import` of a million readings and of several, its speed and the memory it has.

Files are minutes of power, made for the run: *wide* has a time and 30 columns in a row, *long* a row per reading of
100 meters; with Korean names in CP949, in UTF-8 and as Parquet. A dry run reads the file twice, tells what is in it and
writes nothing; a load also stores it, and computes quarter-hours. Speed is by the processor's seconds, of all threads:
what else the machine does changes them least. Each runs in a process of its own, whose memory is the largest resident
set that the kernel saw, interpreter and libraries included.

Beside it stands DuckDB's own reader: it reads the same file into a table of a DuckDB file, and knows nothing of time
zones, interval ends, units, duplicates or what is stored already.

``python -m benchmarks.importing [--dry 1,10] [--load 1,3] [--json]``: millions of readings.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.frame import Figure, at_most, report
from benchmarks.importing_stand.files import Shape, as_parquet, write_csv
from benchmarks.importing_stand.run import Ran
from tests.parts import free_port, influxd

MOST_MB: Final = 300
"""Memory that an import of any length may have, with the store's own in it."""

MILLION: Final = 1_000_000


def main() -> int:
    """Run the benchmark; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dry", type=_sizes, default=[1, 10], help="millions of readings of dry runs (1,10)")
    parser.add_argument("--load", type=_sizes, default=[1, 3], help="millions of readings of loads (1,3)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="wattproof-importing.") as name:
        folder = Path(name)
        shapes: tuple[Shape, ...] = ("wide", "long")
        for shape in shapes:
            for millions in sorted({*options.dry, *options.load}):
                figures += _file(folder, shape, millions, dry=millions in options.dry, load=millions in options.load)
        figures += _influx(folder)
    facts = {"columns of wide": 30, "meters of long": 100, "memory of the store [MB]": 128}
    return report("importing", figures, as_json=options.json, facts=facts)


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _file(folder: Path, shape: Shape, millions: int, *, dry: bool, load: bool) -> list[Figure]:
    """One shape and size: dry runs of each form of the file, and a load."""
    name = f"{shape}, {millions} M"
    figures = []
    source, korean, parquet = (folder / f"{shape}.{end}" for end in ("csv", "cp949.csv", "parquet"))
    readings = write_csv(source, shape, millions * MILLION, "utf-8")
    size = source.stat().st_size / 1e6
    if dry:
        peer = _ran("duckdb", source, folder / "peer.duckdb")
        (folder / "peer.duckdb").unlink()
        ran = _import(folder, source, shape, "--dry-run")
        figures += _figures(f"{name} ({size:,.0f} MB): dry run", readings, ran, peer)
        if millions == 1:
            write_csv(korean, shape, readings, "cp949")
            as_parquet(source, parquet)
            for other in (korean, parquet):
                what = "CP949" if other is korean else "Parquet"
                figures += _figures(f"{name}, {what}: dry run", readings, _import(folder, other, shape, "--dry-run"))
                other.unlink()
    if load:
        with _data(folder, "") as config:
            ran = _import(folder, source, shape, "--site", "plant", config=config)
            figures += _figures(f"{name}: load into DuckDB, quarter-hours and all", readings, ran)
    source.unlink()
    return figures


def _influx(folder: Path) -> list[Figure]:
    source = folder / "wide.csv"
    readings = write_csv(source, "wide", MILLION, "utf-8")
    data = folder / "influxdb"
    data.mkdir()
    with influxd(data, free_port(), free_port()) as server:
        settings = f"store: {{engine: influx, influx_url: '{server.url}'}}\n"
        with _data(folder, settings) as config:
            ran = _import(folder, source, "wide", "--site", "plant", config=config)
    return _figures("wide, 1 M: load into InfluxDB, quarter-hours and all, without the server's", readings, ran)


def _figures(name: str, readings: int, ran: Ran, peer: Ran | None = None) -> list[Figure]:
    rate = readings / ran.processor_s / 1000
    memory = at_most(f"{name}: memory", ran.peak_mb, "MB", MOST_MB)
    if peer is None:
        return [Figure(name, rate, "k readings per s of a processor"), memory]
    theirs = readings / peer.processor_s / 1000
    told = "DuckDB's read_csv into a table"
    return [
        Figure(name, rate, "k readings per s of a processor", peer=told, peer_value=theirs, ratio=rate / theirs),
        msgspec.structs.replace(memory, peer=told, peer_value=peer.peak_mb, ratio=peer.peak_mb / ran.peak_mb),
    ]


@contextlib.contextmanager
def _data(folder: Path, settings: str) -> Iterator[Path]:
    """A configuration with a data folder of its own, which goes with it."""
    with tempfile.TemporaryDirectory(prefix="data.", dir=folder) as name:
        config = Path(name) / "wattproof.yaml"
        config.write_text(f"data_dir: {name}/data\n{settings}", encoding="utf-8")
        yield config


def _import(folder: Path, source: Path, shape: Shape, *arguments: str, config: Path | None = None) -> Ran:
    told = ["--device", "main", "--stamps", "start"] if shape == "wide" else ["--zone", "Asia/Seoul"]
    if config is None:
        with _data(folder, "") as own:
            return _ran("-c", own, "import", source, *told, *arguments)
    return _ran("-c", config, "import", source, *told, *arguments)


def _ran(*arguments: object) -> Ran:
    command = [sys.executable, "-m", "benchmarks.importing_stand.run", *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Ran)


if __name__ == "__main__":
    raise SystemExit(main())
