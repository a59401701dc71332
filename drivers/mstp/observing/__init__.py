"""What an observer of a bus keeps: stations, turns of the token, questions and answers, and who says to be what."""
