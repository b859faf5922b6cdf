"""How a command ends when something is wrong.

CommandError                 one clear sentence and an exit code
├── BadInputError      2     a file, option or value that cannot be used: the user mends it
├── UnavailableError   3     something needed is not there (a port, a server, a disk): try again after mending that
└── StoppedError       130   ended by the user before there was anything to tell

Exit code 1 means that a command ran to its end and the answer is no (readings lost, a check failed).
"""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot go on; the text is all its user sees."""

    exit_code = 1


class BadInputError(CommandError):
    """The user's input cannot be used."""

    exit_code = 2


class UnavailableError(CommandError):
    """Something the command needs is not there."""

    exit_code = 3


class StoppedError(CommandError):
    """The user ended the command before there was anything to tell."""

    exit_code = 130
