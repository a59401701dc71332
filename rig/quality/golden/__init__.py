"""The golden unit: whether a station still measures as it did, from the golden unit's own history."""
