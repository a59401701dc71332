"""Judge the figures of a bus: findings about the bus, its stations and its devices, and one conclusion."""
