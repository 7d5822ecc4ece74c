"""The OR-Tools adapter for domain.roster; loaded nowhere else. Empty until rosters come."""
