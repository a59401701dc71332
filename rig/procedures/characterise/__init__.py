"""What a meter does where its manual leaves a choice: discriminating tests, and a proposed behaviour profile."""
