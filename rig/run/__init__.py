"""One pytest session as one recorded run: options, folder, questions, verdicts, bus capture, finish."""
