"""Documents of the statistics of production: text for the terminal, one HTML file, and PDF."""
