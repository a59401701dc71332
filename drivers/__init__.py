"""Everything that talks to hardware: MS/TP on RS-485, SCPI over VISA. Knows nothing of tests or of the model."""
