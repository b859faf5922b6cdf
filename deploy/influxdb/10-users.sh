#!/bin/bash
# Run once by the InfluxDB image after its setup: InfluxQL's view of the bucket, and a user each for writing and reading.
# The operator token stays with the operator; services get no more than their work needs.
set -euo pipefail

bucket=$DOCKER_INFLUXDB_INIT_BUCKET_ID
organization=$DOCKER_INFLUXDB_INIT_ORG

influx v1 dbrp create --org "$organization" --bucket-id "$bucket" --db "$DOCKER_INFLUXDB_INIT_BUCKET" --rp autogen --default
influx v1 auth create --org "$organization" --username "$WRITER_USERNAME" --password "$WRITER_PASSWORD" \
    --read-bucket "$bucket" --write-bucket "$bucket"
influx v1 auth create --org "$organization" --username "$READER_USERNAME" --password "$READER_PASSWORD" \
    --read-bucket "$bucket"
