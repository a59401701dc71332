"""What the reference of a procedure is made of where the analyzer does not give it at once, and what that adds to U."""
