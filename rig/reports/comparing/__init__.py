"""Comparing recorded runs: the same load points side by side with E_n numbers, as lines, JSON and plots."""
