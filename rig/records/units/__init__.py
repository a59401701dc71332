"""What a run says of each of its units: outcome and failure classes."""
