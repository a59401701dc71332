"""The state of a bus observer: stations, turns of the token, questions and answers, announcements."""
