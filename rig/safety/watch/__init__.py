"""What the analyzer says while something is energised: judged data set by data set, and put into words."""
