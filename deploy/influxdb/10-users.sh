#!/bin/bash
# Run once by the InfluxDB image after its setup: the bucket for roll-ups, InfluxQL's view of both buckets, and a user each
# for writing and reading. The operator token stays with the operator; services get no more than their work needs.
set -euo pipefail

organization=$DOCKER_INFLUXDB_INIT_ORG
database=$DOCKER_INFLUXDB_INIT_BUCKET
readings=$DOCKER_INFLUXDB_INIT_BUCKET_ID

# Quarter-hours for ten years, as WattProof's store.keep_rollup_days says unless told otherwise.
influx bucket create --org "$organization" --name "$database/rollup" --retention 87600h --shard-group-duration 4368h
rollups=$(influx bucket list --org "$organization" --name "$database/rollup" --hide-headers | cut -f 1)

influx v1 dbrp create --org "$organization" --bucket-id "$readings" --db "$database" --rp autogen --default
influx v1 dbrp create --org "$organization" --bucket-id "$rollups" --db "$database" --rp rollup
influx v1 auth create --org "$organization" --username "$WRITER_USERNAME" --password "$WRITER_PASSWORD" \
    --read-bucket "$readings" --write-bucket "$readings" --read-bucket "$rollups" --write-bucket "$rollups"
influx v1 auth create --org "$organization" --username "$READER_USERNAME" --password "$READER_PASSWORD" \
    --read-bucket "$readings" --read-bucket "$rollups"
