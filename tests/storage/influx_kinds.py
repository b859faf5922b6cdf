"""InfluxDB 2.x, 3.x and Cloud as their API references describe them; none of them is in Debian's packages.

https://docs.influxdata.com/influxdb/v2/api/, https://docs.influxdata.com/influxdb3/core/api/
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.storage.fake_server import Answer, Request

JSON = {"Content-Type": "application/json"}
EMPTY = Answer(200, '{"results":[{"statement_id":0}]}\n', JSON)
ORG = "00000000000000aa"


@dataclass
class Two:
    """2.7, or Cloud: buckets of one organization with their rules, and a token that may make them or not."""

    version: str = "v2.7.12"
    may_create: bool = True
    refusal: int = 403
    made_meanwhile: bool = False
    orgs: dict[str, str] = field(default_factory=lambda: {ORG: "factory"})
    made_in: str = ORG
    token: str = "t0k3n"
    buckets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    written: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        match request.method, request.path:
            case _, "/ping":
                return Answer(204, headers={"X-Influxdb-Version": self.version, "X-Influxdb-Build": "OSS"})
            case "GET", "/api/v2/orgs":
                seen = [{"id": org, "name": name} for org, name in self.orgs.items()]
                first = int(request.query.get("offset", 0))
                return Answer(200, json.dumps({"orgs": seen[first : first + int(request.query["limit"])]}), JSON)
            case "GET", "/api/v2/authorizations":
                own = {"token": self.token, "orgID": self.made_in, "org": self.orgs.get(self.made_in, "")}
                return Answer(200, json.dumps({"authorizations": [own]}), JSON)
            case "GET", "/api/v2/buckets":
                found = [self._bucket(name) for name in self.buckets if name == request.query["name"]]
                if found or not {"org", "orgID"} & request.query.keys():
                    return Answer(200, json.dumps({"buckets": found}), JSON)
            case "POST", "/api/v2/buckets":
                return self._create(json.loads(request.body))
            case "POST", "/api/v2/write":
                return self._write(request)
            case _, "/query":
                return EMPTY
        return Answer(404, json.dumps({"code": "not found", "message": "path not found"}), JSON)

    def _bucket(self, name: str) -> dict[str, Any]:
        return {"id": "00000000000000bb", "orgID": ORG, "name": name, "retentionRules": self.buckets[name]}

    def _create(self, wanted: dict[str, Any]) -> Answer:
        if not self.may_create:
            said = {"code": "unauthorized", "message": "write:orgs/aa/buckets is unauthorized"}
            return Answer(self.refusal, json.dumps(said), JSON)
        if self.made_meanwhile:
            self.buckets[wanted["name"]] = wanted["retentionRules"]
            said = {"code": "conflict", "message": f"bucket with name {wanted['name']} already exists"}
            return Answer(422, json.dumps(said), JSON)
        if wanted["orgID"] != ORG:
            return Answer(404, json.dumps({"code": "not found", "message": "organization not found"}), JSON)
        self.buckets[wanted["name"]] = wanted["retentionRules"]
        return Answer(201, json.dumps(self._bucket(wanted["name"])), JSON)

    def _write(self, request: Request) -> Answer:
        bucket = request.query["bucket"]
        if bucket not in self.buckets:
            return Answer(404, json.dumps({"code": "not found", "message": f'bucket "{bucket}" not found'}), JSON)
        self.written.append((bucket, request.body))
        return Answer(204)


@dataclass
class Three:
    """3.x Core: databases whose retention is said once, when they are made."""

    may_create: bool = True
    databases: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/ping":
                said = {"version": "3.2.0", "revision": "5c8a2f", "process_id": "b3e0"}
                headers = {"X-Influxdb-Version": "3.2.0", "X-Influxdb-Build": "Core"} | JSON
                return Answer(200, json.dumps(said), headers)
            case _, "/api/v3/configure/database" if not self.may_create:
                return Answer(403, json.dumps({"error": "the token is not an admin token"}), JSON)
            case "GET", "/api/v3/configure/database":
                return Answer(200, json.dumps([{"iox::database": name} for name in self.databases]), JSON)
            case "POST", "/api/v3/configure/database":
                wanted = json.loads(request.body)
                self.databases[wanted["db"]] = wanted.get("retention_period", "")
                return Answer(200)
            case "POST", "/api/v2/write":
                self.databases.setdefault(request.query["bucket"], "")
                return Answer(204)
            case _, "/query":
                return EMPTY
        return Answer(404)
