"""One measurement over many units: control charts, their rules, capability, and whether it is normal."""
