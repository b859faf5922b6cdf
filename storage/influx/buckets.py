"""Buckets of 2.x and Cloud, and the organization whose they are.

A name is a bucket's own only within its organization, and a token of all organizations sees every one: so a bucket is
looked for where it belongs, never by its name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
import structlog
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules

from storage.errors import StoreRefusedError
from storage.influx.connection import Connection
from storage.influx.durations import said
from storage.influx.edition import Edition
from storage.influx.refusals import StatusError, explain

T = TypeVar("T")

log = structlog.get_logger(__name__)

DAY_S: Final = 86_400

# The client is annotated in parts only.
_rules: Final[Any] = BucketRetentionRules
_MOST: Final = 100
"""Of a page of what 2.x lists."""
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that is there: its organization's id, and for how long it keeps its data [s]; 0 for ever."""

    org_id: str
    keep_s: int


class _Org(msgspec.Struct):
    id: str
    name: str


class _Orgs(msgspec.Struct):
    orgs: list[_Org] = []


class _Authorization(msgspec.Struct, rename="camel"):
    org: str = ""
    org_id: str = msgspec.field(name="orgID", default="")
    token: str = ""


class _Authorizations(msgspec.Struct):
    authorizations: list[_Authorization] = []


def find_organization(connection: Connection) -> str:
    """Id of the organization; as it was named, or empty, where this token sees none: then its buckets tell.

    2.x answers InfluxQL from the organization that the token was made in, whatever it is asked for. So a token of all
    organizations must be that organization's own: readings written to one would be looked for in another.

    Raises
    ------
    StoreRefusedError
        When it sees organizations and not this one; when it sees several and was made in another one, or in nobody
        knows which.
    """
    seen = _organizations(connection)
    names = ", ".join(sorted(map(repr, seen))[:_NAMED]) + (" and others" if len(seen) > _NAMED else "")
    wanted = seen.get(connection.org, connection.org)
    if seen and wanted and wanted not in seen.values():
        raise StoreRefusedError(
            f"InfluxDB at {connection.url} has no organization {connection.org!r} that {connection.who} may use; it may"
            f" use {names}"
        )
    if len(seen) < 2:
        return wanted or next(iter(seen.values()), "")
    own = _own(connection)
    if own is None:
        raise StoreRefusedError(
            f"InfluxDB at {connection.url} has several organizations ({names}) and does not say in which of them"
            f" {connection.who} was made, from which it answers; make one for a single organization: influx auth create"
            f" --org {connection.org or 'ORG'} --read-buckets --write-buckets"
        )
    if wanted and wanted != own.org_id:
        raise StoreRefusedError(
            f"InfluxDB at {connection.url} answers {connection.who} from the organization {own.org!r} it was made in,"
            f" and {connection.org!r} is to be used; make a token there: influx auth create --org {connection.org}"
        )
    return own.org_id


def _organizations(connection: Connection) -> dict[str, str]:
    """Ids of the organizations that this token sees, by name; a programme may have one for each factory."""
    seen: dict[str, str] = {}
    while True:
        before = len(seen)
        page = [("limit", str(_MOST)), ("offset", str(before))]
        seen |= {org.name: org.id for org in _listed(connection, "/api/v2/orgs", page, _Orgs()).orgs}
        if len(seen) < before + _MOST:
            return seen


def _own(connection: Connection) -> _Authorization | None:
    """What the server lists of the token itself, which is to say to whom it belongs; None where it may not ask."""
    listed = _listed(connection, "/api/v2/authorizations", [("limit", str(_MOST))], _Authorizations()).authorizations
    return next((each for each in listed if each.token == connection.client.token), None)


def _listed(connection: Connection, path: str, parameters: list[tuple[str, str]], none: T) -> T:
    """What the server lists; `none` where this token may not ask."""
    try:
        return msgspec.json.decode(connection.call("GET", path, parameters).data, type=type(none))
    except StatusError as error:
        if error.means_later:
            raise
    except msgspec.DecodeError:
        log.debug("influxdb_list_not_understood", url=connection.url, path=path)
    return none


def find_bucket(connection: Connection, edition: Edition, org: str, name: str, keep_s: int) -> Bucket | str:
    """A bucket of an organization (its id or name; empty: whichever the token is for), made if need be.

    Returns
    -------
    Bucket or str
        Or why there is none, with the command for the administrator.

    Raises
    ------
    StoreUnavailableError, StoreRefusedError
        When the server cannot answer now, or does not know the token.
    """
    said_why = f"it sees no organization {connection.org!r}" if connection.org else "it sees no organization"
    try:
        found = _look(connection, org, name)
        if found is None and _is_id(org):  # by a name the client would look for one, and raise what is no answer
            found = _make(connection, edition, org, name, keep_s)
    except StatusError as error:
        if error.means_later or (error.status == 401 and not error.lacks_rights):
            raise explain(error, connection.url, name, connection.who) from error
        found, said_why = None, f"{error.status}: {error.reason}"
    if found is None:
        duration = f" --retention {keep_s // 3600}h" if keep_s else ""
        return (
            f"InfluxDB at {connection.url} has no bucket {name!r} that {connection.who} may use, nor may it make one"
            f" ({said_why}); as its administrator: influx bucket create --name {name}"
            f" --org {connection.org or 'ORG'}{duration}, and give the token read and write on it"
        )
    keep = next((int(rule.every_seconds or 0) for rule in found.retention_rules or ()), 0)
    return Bucket(str(found.org_id), keep)


def _make(connection: Connection, edition: Edition, org: str, name: str, keep_s: int) -> Any:
    """Make a bucket; where another worker was quicker, that one's."""
    shard = None if edition.family == "cloud" else 7 * DAY_S
    rules = _rules(type="expire", every_seconds=keep_s, shard_group_duration_seconds=shard if keep_s else None)
    try:
        with connection.reaching():
            # No rule keeps for ever.
            made = connection.client.buckets_api().create_bucket(
                bucket_name=name, org=org, retention_rules=[rules] if keep_s else []
            )
    except StatusError as error:
        if error.status != 422 or (there := _look(connection, org, name)) is None:
            raise
        return there
    log.info("influxdb_bucket_created", url=connection.url, bucket=name, kept=said(keep_s))
    return made


def _look(connection: Connection, org: str, name: str) -> Any:
    """The bucket as influxdb-client has it; None when it is missing."""
    where = {} if not org else {"org_id": org} if _is_id(org) else {"org": org}
    try:
        with connection.reaching():
            buckets = connection.client.buckets_api().find_buckets(name=name, **where).buckets or []
    except StatusError as error:
        if error.status == 404:  # 2.x says so of a bucket that it is asked for within an organization
            return None
        raise
    return next((bucket for bucket in buckets if bucket.name == name), None)


def _is_id(text: str) -> bool:
    return len(text) == 16 and all(each in "0123456789abcdef" for each in text)
