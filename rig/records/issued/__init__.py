"""What was made of runs later: certificates and judgements."""
