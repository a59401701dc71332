"""How much the error of a meter varies: between two loads, from repeat to repeat, under an influence, with time."""
