"""The meter as a device: time, configuration, demand, alarms, trend logs, supply and memory."""
