"""Files of minutes of power: a column per meter, or a row per reading; CSV, in CP949 as well, and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import duckdb
import numpy as np

Shape = Literal["wide", "long"]

METERS: Final = 30
DEVICES: Final = 100
_AT_ONCE: Final = 10_000
_START: Final = np.datetime64("2020-01-01T00:00")


def write_csv(path: Path, shape: Shape, readings: int, encoding: str) -> int:
    """Write a file of about so many readings; returns how many it has."""
    rows = readings // (METERS if shape == "wide" else DEVICES)
    with path.open("w", encoding=encoding) as file:
        file.write(_header(shape) + "\n")
        for times, values in _minutes(rows, METERS if shape == "wide" else DEVICES):
            if shape == "wide":
                file.writelines(f"{at},{','.join(map(str, row))}\n" for at, row in zip(times, values, strict=True))
            else:
                file.writelines(
                    f"{at},meter-{nth:03},active_power_w,{value}\n"
                    for at, row in zip(times, values, strict=True)
                    for nth, value in enumerate(row)
                )
    return rows * (METERS if shape == "wide" else DEVICES)


def as_parquet(source: Path, target: Path) -> None:
    """Write a CSV file's table as Parquet."""
    with duckdb.connect() as connection:
        table = connection.read_csv(str(source))
        table.write_parquet(str(target))


def into_a_table(source: Path, target: Path) -> int:
    """What DuckDB alone does with a CSV file: read it into a table of a file; returns its rows."""
    with duckdb.connect(target, config={"memory_limit": "256MB", "threads": 2}) as connection:
        connection.execute("CREATE TABLE meters AS SELECT * FROM read_csv(?)", [str(source)])
        found = connection.execute("SELECT count(*) FROM meters").fetchone()
    assert found is not None
    return int(found[0])


def _header(shape: Shape) -> str:
    if shape == "long":
        return "일시,device,channel,value"
    return ",".join(["일시", *(f"meter-{nth}/active_power_w [kW]" for nth in range(1, METERS)), "유효전력(kW)"])


def _minutes(rows: int, columns: int) -> Iterator[tuple[list[str], list[list[float]]]]:
    rng = np.random.default_rng(1)
    for start in range(0, rows, _AT_ONCE):
        count = min(_AT_ONCE, rows - start)
        times = np.datetime_as_string(_START + np.arange(start, start + count).astype("timedelta64[m]"))
        yield (
            [at.replace("T", " ") for at in times.tolist()],
            np.round(rng.uniform(1, 500, (count, columns)), 2).tolist(),
        )
