"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""
