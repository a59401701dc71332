"""The physics of the emulated bench: its time, its wires, its air, its contactor, and the event log."""
