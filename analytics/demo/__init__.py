"""A seeded marketplace simulator whose true trust, causes and effects are known. Knows no model that is fitted to it."""
