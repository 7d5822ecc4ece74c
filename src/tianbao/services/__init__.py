"""Use cases: load, ask the domain, save and audit. Typed, keyword-only functions named noun_verb."""
