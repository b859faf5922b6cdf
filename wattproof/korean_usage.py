"""What the command line's parser says of a command written wrongly: its English, and the Korean.

The parser is Typer's, whose sentences are click's up to 0.28 and its own, with pydantic's for values, since: both stand
here. A name in braces stands for what differs; the first that fits is taken.
"""

from __future__ import annotations

from typing import Final

USAGE: Final = (
    ("No such option: {option} (Possible options: {near})", "{option}: 없는 옵션입니다. 비슷한 옵션: {near}"),
    ("No such option: {option} Did you mean {near}?", "{option}: 없는 옵션입니다. 비슷한 옵션: {near}"),
    ("No such option: {option}", "{option}: 없는 옵션입니다."),
    ("No such option {option}. (Possible options: {near})", "{option}: 없는 옵션입니다. 비슷한 옵션: {near}"),
    ("No such option {option}. Did you mean {near}?", "{option}: 없는 옵션입니다. 비슷한 옵션: {near}"),
    ("No such option {option}.", "{option}: 없는 옵션입니다."),
    ("No such command {command}. Did you mean {near}?", "{command}: 없는 명령입니다. 비슷한 명령: {near}"),
    ("No such command {command}.", "{command}: 없는 명령입니다."),
    ("Missing command.", "명령이 빠졌습니다."),
    ("Got unexpected extra argument(s) ({extra})", "필요 없는 인자가 있습니다: {extra}"),
    ("Got unexpected extra argument ({extra})", "필요 없는 인자가 있습니다: {extra}"),
    ("Got unexpected extra arguments ({extra})", "필요 없는 인자가 있습니다: {extra}"),
    ("Option {option} requires an argument.", "{option}: 이 옵션에는 값이 필요합니다."),
    ("Option {option} requires {count} arguments.", "{option}: 이 옵션에는 값이 {count}개 필요합니다."),
    ("Option {option} does not take a value.", "{option}: 이 옵션은 값을 받지 않습니다."),
    ("Argument {argument} takes {count} values.", "{argument}: 이 인자에는 값이 {count}개 필요합니다."),
    ("Missing argument {name}. Choose from: {choices}", "{name} 인자가 빠졌습니다. 고를 수 있는 값: {choices}"),
    ("Missing argument {name}. {why}", "{name} 인자가 빠졌습니다. {why}"),
    ("Missing argument {name}.", "{name} 인자가 빠졌습니다."),
    ("Missing option {name}. Choose from: {choices}", "{name} 옵션이 빠졌습니다. 고를 수 있는 값: {choices}"),
    ("Missing option {name}. {why}", "{name} 옵션이 빠졌습니다. {why}"),
    ("Missing option {name}.", "{name} 옵션이 빠졌습니다."),
    ("Missing parameter: {name}", "{name} 값이 빠졌습니다."),
    ("Invalid value for {name}: {why}", "{name} 값이 잘못되었습니다. {why}"),
    ("Invalid value: {why}", "값이 잘못되었습니다. {why}"),
    ("Could not open file {file}: {why}", "{file}: 열 수 없습니다: {why}"),
    ("Aborted.", "중단했습니다."),
)
"""Sentences: English and Korean."""

WRONG_VALUES: Final = (
    ("Input should be a valid integer, {why}", "정수를 쓰십시오."),
    ("Input should be a valid number, {why}", "숫자를 쓰십시오."),
    ("Input should be a valid boolean, {why}", "true나 false를 쓰십시오."),
    ("Input should be a finite number", "유한한 숫자를 쓰십시오."),
    ("Input should be greater than or equal to {least}", "{least} 이상이어야 합니다."),
    ("Input should be less than or equal to {most}", "{most} 이하여야 합니다."),
    ("Input should be greater than {least}", "{least}보다 커야 합니다."),
    ("Input should be less than {most}", "{most}보다 작아야 합니다."),
    ("Unable to parse input string as an integer, exceeded maximum size", "숫자가 너무 큽니다."),
    ("{value} is not a valid integer range.", "{value} 대신 정수를 쓰십시오."),
    ("{value} is not a valid integer.", "{value} 대신 정수를 쓰십시오."),
    ("{value} is not a valid float range.", "{value} 대신 숫자를 쓰십시오."),
    ("{value} is not a valid float.", "{value} 대신 숫자를 쓰십시오."),
    ("{value} is not in the range {range}.", "{value} 대신 {range} 범위의 값을 쓰십시오."),
    ("{value} is not one of {choices}.", "{value} 대신 {choices} 가운데 하나를 쓰십시오."),
    ("{value} is none of {choices}", "{value} 대신 {choices} 가운데 하나를 쓰십시오."),
)
"""What is wrong with a value: English and Korean."""
