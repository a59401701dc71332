"""What the figures of a bus mean: findings about the bus, its stations and its devices, and the one conclusion."""
