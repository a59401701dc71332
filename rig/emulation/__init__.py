"""The emulated bench: real endpoints (SCPI over TCP, MS/TP on ptys) with physics behind; reached as a process only."""
