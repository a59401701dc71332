"""SCPI as an instrument has it: syntax, command tables, error queue and status registers."""
