"""Reading a factory file, and refusing one that contradicts itself: with the line, before anything runs."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from edge.profiles import Profile, UnknownProfileError, is_profile_path, load_profile, parse_profile
from simulator.description import Device, FactoryFile, Press
from simulator.devices import offered
from simulator.errors import NoFactoryError
from simulator.schedule import RunState
from telemetry import Document, TelemetryError, check_name, parse_yaml

BUILTIN = Path(__file__).parent / "factories"


def read_factory(path_or_builtin: str | Path) -> FactoryFile:
    """Read and check a factory file, by path or by the name of a built-in one.

    Raises
    ------
    NoFactoryError
        When there is no such file or built-in factory.
    DocumentError
        With source, line and field: an unknown key, a wrong value, or parts that contradict each other.
    """
    builtin = BUILTIN / f"{path_or_builtin}.yaml"
    path = builtin if builtin.is_file() else Path(path_or_builtin)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(file.stem for file in BUILTIN.glob("*.yaml")))
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise NoFactoryError(f"{path}: no factory file ({reason}); built-in factories: {known}") from error
    document = parse_yaml(text, str(path))
    try:
        factory = _with_absolute_profiles(msgspec.convert(document.value, FactoryFile), path.parent)
    except msgspec.ValidationError as error:
        raise document.error(_readable(str(error))) from error
    _check_names(factory, document)
    _check_dates(factory, document)
    _check_roles(factory, document)
    _check_profiles(factory, document)
    return factory


def _readable(problem: str) -> str:
    """A time of day is the only pattern in the file, and a regular expression no advice."""
    expected, separator, path = problem.partition(" - at ")
    return (
        f'Expected a time of day from "00:00" to "24:00", in quotes{separator}{path}'
        if "regex" in expected
        else problem
    )


def _with_absolute_profiles(factory: FactoryFile, folder: Path) -> FactoryFile:
    """Profiles given by path lie beside the factory file, wherever the simulator is started."""
    return msgspec.structs.replace(
        factory, devices=[_with_absolute_profile(device, folder) for device in factory.devices]
    )


def _with_absolute_profile(device: Device, folder: Path) -> Device:
    if isinstance(device.profile, dict):
        return msgspec.structs.replace(device, profile={"name": device.id, **device.profile})
    if is_profile_path(device.profile):
        return msgspec.structs.replace(device, profile=str(folder.resolve() / device.profile))
    return device


def _check_names(factory: FactoryFile, document: Document) -> None:
    named = [("site.id", factory.site.id)]
    named += [(f"links[{i}].name", link.name) for i, link in enumerate(factory.links)]
    named += [(f"devices[{i}].id", device.id) for i, device in enumerate(factory.devices)]
    for path, name in named:
        try:
            check_name(name)
        except TelemetryError as error:
            raise document.error(str(error), path) from error
    links: set[str] = set()
    for index, link in enumerate(factory.links):
        if link.name in links:
            raise document.error(f"link {link.name!r} is there twice", f"links[{index}].name")
        links.add(link.name)
        problem = _link_problem(link.url)
        if problem:
            raise document.error(f"{link.url!r}: {problem}", f"links[{index}].url")
    ids: set[str] = set()
    units: dict[tuple[str, int], str] = {}
    for index, device in enumerate(factory.devices):
        if device.id in ids:
            raise document.error(f"device {device.id!r} is there twice", f"devices[{index}].id")
        if device.link not in links:
            raise document.error(f"no link {device.link!r}; there are {', '.join(links)}", f"devices[{index}].link")
        other = units.setdefault((device.link, device.unit), device.id)
        if other != device.id:
            problem = f"unit {device.unit} of link {device.link} is already {other}"
            raise document.error(problem, f"devices[{index}].unit")
        ids.add(device.id)


def _link_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme == "pty":
        query = parts.query.partition("=")
        ok = query[0] == "baud" and query[2].isdigit() and 300 <= int(query[2]) <= 1_000_000
        return "" if ok and not parts.netloc else "a pseudo-terminal is written pty://?baud=9600"
    if parts.scheme != "tcp" or not parts.hostname or port is None:
        return "write tcp://127.0.0.1:0 (0: any free port) or pty://?baud=9600"
    return ""


def _check_dates(factory: FactoryFile, document: Document) -> None:
    scenario, swap = factory.scenario, factory.replacement
    mondays: list[tuple[str, date]] = [("scenario.start", scenario.start), ("scenario.live", scenario.live)]
    for path, day in mondays:
        if day.weekday() != 0:
            raise document.error(f"{day} is no Monday; real weeks are laid over the scenario's", path)
    rising = [
        ("scenario.start", scenario.start),
        ("replacement.removed", swap.removed),
        ("replacement.started", swap.started),
        ("replacement.reporting_until", swap.reporting_until),
    ]
    for (before, first), (path, second) in pairwise(rising):
        if second <= first:
            raise document.error(f"{second} must come after {before}, {first}", path)
    if scenario.live < swap.reporting_until:
        raise document.error(f"{scenario.live} must not come before replacement.reporting_until", "scenario.live")


def _check_roles(factory: FactoryFile, document: Document) -> None:
    kinds = {device.id: device.kind for device in factory.devices}
    roles = [
        ("incoming.device", factory.incoming.device, "power_meter"),
        ("compressor.device", factory.compressor.device, "power_meter"),
        ("ambient.device", factory.ambient.device, "sensor"),
    ]
    for index, press in enumerate(factory.presses):
        roles.append((f"presses[{index}].device", press.device, "power_meter"))
        roles.append((f"presses[{index}].plc", press.plc, "plc"))
    taken: set[str] = set()
    for path, name, kind in roles:
        if kinds.get(name) != kind:
            raise document.error(f"{name!r} is no device of kind {kind}", path)
        if name in taken:
            raise document.error(f"{name!r} already measures something else", path)
        taken.add(name)
    for index, device in enumerate(factory.devices):
        if device.id not in taken:
            problem = (
                f"nothing says what {device.id!r} measures; name it under incoming, presses, compressor or ambient"
            )
            raise document.error(problem, f"devices[{index}].id")
    if factory.replacement.device not in {press.device for press in factory.presses}:
        raise document.error(f"{factory.replacement.device!r} is no press", "replacement.device")


def _check_profiles(factory: FactoryFile, document: Document) -> None:
    for index, device in enumerate(factory.devices):
        path = f"devices[{index}].profile"
        try:
            profile = _profile(document, device, path)
        except UnknownProfileError as error:
            raise document.error(str(error), path) from error
        if profile.kind != device.kind:
            raise document.error(f"{profile.name} describes a {profile.kind}, not a {device.kind}", path)
        missing = [name for name in profile.channels if name not in offered(device.kind)]
        if missing:
            raise document.error(f"the simulator has no {', '.join(missing)} for a {device.kind}", path)
        _check_served(document, profile, path)


def _profile(document: Document, device: Device, path: str) -> Profile:
    written = device.profile
    return parse_profile(written, path, document) if isinstance(written, dict) else load_profile(written)


def _check_served(document: Document, profile: Profile, path: str) -> None:
    """Refuse what the simulated devices cannot show: coils, and a run state that the profile's enum leaves out."""
    if bits := [member for member in profile.members if member.function in {1, 2}]:
        problem = f"the simulator serves registers (functions 3 and 4), and function {bits[0].function} reads bits"
        raise document.error(problem, path)
    for field in profile.fields:
        lacking = [state for state in RunState if field.enum and float(state) not in field.enum.values()]
        if field.channel == "run_state" and lacking:
            names = ", ".join(f"{state.value} ({state.name.lower().replace('_', '-')})" for state in lacking)
            raise document.error(f"a press is also in run state {names}; add it to the enum of run_state", path)


def replaced_press(factory: FactoryFile) -> Press:
    """The press that is exchanged."""
    return next(press for press in factory.presses if press.device == factory.replacement.device)
