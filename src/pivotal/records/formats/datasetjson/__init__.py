"""CDISC Dataset-JSON 1.1: as JSON, as lines of JSON, and compressed."""

from pivotal.records.formats.datasetjson.reading import read_dsjc, read_json, read_ndjson
from pivotal.records.formats.datasetjson.writing import write_dsjc, write_json, write_ndjson

__all__ = ["read_dsjc", "read_json", "read_ndjson", "write_dsjc", "write_json", "write_ndjson"]
