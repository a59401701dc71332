"""Commands that judge and compare what is recorded; nothing is measured."""
