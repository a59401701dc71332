"""Watch the analyzer while something is energised: judge each data set, and put it into words."""
