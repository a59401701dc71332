"""What the drivers of AC sources share: checks, settings that are read back, voltage-only sources."""
