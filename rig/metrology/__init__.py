"""Judging a meter: limits with provenance, percentage error, uncertainty budget, decision rule, load points."""
