"""SCPI over VISA: transports, and a session that checks the error queue, keeps deadlines and never guesses."""

from __future__ import annotations
