"""The contactor between source and meter: how the guardian holds it, how its opening is proven."""
