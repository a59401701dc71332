"""The bench: brings drivers and model together with safety, procedures, judgement, records and reports."""
