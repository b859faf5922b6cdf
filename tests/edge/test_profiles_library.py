"""What every profile of the library must have, and the page and the schema that are published of it."""

import functools
import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from edge.profiles import (
    IDENTIFICATION,
    Profile,
    builtin_profiles,
    load_memory,
    load_profile,
    plc_memories,
    questions,
)
from edge.profiles.devices_page import devices_page, models_of
from edge.profiles.inline import InlineProfile
from edge.profiles.schema import profile_schema
from telemetry import CHANNELS

ROOT = Path(__file__).parents[2]
LIBRARY = resources.files("edge.profiles") / "library"
AGAIN = "run `python -m edge.profiles` from the repository's root"


@functools.cache
def written(name: str) -> dict[str, Any]:
    value = yaml.safe_load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return profile_schema()


@pytest.fixture(scope="module")
def profile_file(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """The schema of a profile's file alone, so that what it refuses is told of that form."""
    return jsonschema.Draft202012Validator({**schema, "anyOf": [{"$ref": "#/$defs/ProfileDocument"}]})


def on_the_wire(profile: Profile) -> dict[tuple[int, int], list[str]]:
    places: dict[tuple[int, int], list[str]] = {}
    for field in profile.fields:
        for address in range(field.address, field.end):
            places.setdefault((field.function, address), []).append(field.channel)
    return places


@pytest.mark.parametrize("name", builtin_profiles())
def test_a_profile_of_the_library_has_all_a_reader_must_be_told(name: str) -> None:
    profile, keys = load_profile(name), written(name)
    assert profile.name == name
    assert {"source", "verified", "address_base", "vendor", "model"} <= set(keys)
    assert len(profile.source) > 20, "a source names a public document"
    assert profile.vendor == "any" or "http" in profile.source or "github.com" in profile.source
    assert set(profile.channels) <= set(CHANNELS)
    assert profile.model in profile.covers


@pytest.mark.parametrize("name", builtin_profiles())
def test_a_profile_of_the_library_can_be_recognised_and_held_to_goldens(name: str) -> None:
    profile = load_profile(name)
    assert profile.fingerprint
    asked = questions(profile)
    assert 1 <= len(asked) <= 16, "a scan asks every profile's questions"
    assert {question.function for question in asked} <= {1, 2, 3, 4, IDENTIFICATION}
    assert profile.goldens
    assert all(golden.what for golden in profile.goldens)
    assert any(golden.values for golden in profile.goldens)


def test_no_register_of_a_profile_means_two_quantities() -> None:
    for name in builtin_profiles():
        profile = load_profile(name)
        fields = {field.channel: field for field in profile.fields}
        for place, channels in on_the_wire(profile).items():
            shared = [fields[channel] for channel in channels]
            apart = all(field.bits for field in shared) or any(field.enum for field in shared)
            assert len(shared) == 1 or apart, (name, place, channels)


def test_the_library_is_valid_by_the_published_schema(profile_file: jsonschema.Draft202012Validator) -> None:
    for name in builtin_profiles():
        assert not list(profile_file.iter_errors(written(name))), name


@pytest.mark.parametrize("name", plc_memories())
def test_a_memory_map_is_valid_by_the_published_schema(name: str, schema: dict[str, Any]) -> None:
    text = (resources.files("edge.profiles") / "memory" / f"{name}.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), {**schema, "anyOf": [{"$ref": "#/$defs/PlcMemory"}]})
    assert load_memory(name).source


def test_the_schema_refuses_what_the_agent_refuses(profile_file: jsonschema.Draft202012Validator) -> None:
    good = written("generic-plc")
    for wrong in (
        good | {"colour": 1},
        good | {"address_base": 2},
        {key: value for key, value in good.items() if key != "source"},
        good | {"fields": [good["fields"][0] | {"type": "uint33"}]},
        good | {"fields": [good["fields"][0] | {"function": 6}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            profile_file.validate(wrong)


def test_an_inline_profile_has_its_place_in_the_schema(schema: dict[str, Any]) -> None:
    assert InlineProfile.__name__ in schema["$defs"]
    value = {"memory": "ls-xgt", "fields": [{"channel": "run_state", "at": "D1", "type": "uint16"}]}
    jsonschema.validate(value, schema)


def test_the_published_schema_is_the_models_own(schema: dict[str, Any]) -> None:
    published = json.loads((ROOT / "docs" / "profiles.schema.json").read_text(encoding="utf-8"))
    assert published == schema, AGAIN


def test_the_page_of_devices_is_the_librarys_own() -> None:
    page = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    assert page == devices_page(), AGAIN


def test_the_library_describes_at_least_sixty_models_each_of_them_once() -> None:
    profiles = [load_profile(name) for name in builtin_profiles()]
    models = models_of(profiles)
    assert len(models) >= 60
    assert all(vendor != "any" for vendor, _ in models)
    names = [(profile.vendor, model) for profile in profiles for model in profile.covers]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
