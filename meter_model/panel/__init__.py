"""The front panel on paper: what the display shows and what its four keys do (manual pages 6 and 11 to 17)."""
