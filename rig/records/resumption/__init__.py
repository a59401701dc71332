"""What lets an interrupted run go on: the stored plan, what of it is complete, what is set aside, the resumptions."""
