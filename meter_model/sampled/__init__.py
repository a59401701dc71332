"""The sampled road: waveforms become samples, samples become seconds, seconds become registers."""
