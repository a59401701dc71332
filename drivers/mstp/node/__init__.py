"""The nodes of an MS/TP port: the master state machine, and several on one line."""
