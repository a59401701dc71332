"""Certificates: PDF/A-3b with the results attached as JSON, DCC and raw data; made of a record, checked, verified."""
