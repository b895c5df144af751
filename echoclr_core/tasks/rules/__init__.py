"""Label rules that need code: one file a rule, found by name (see ``tasks.registered``)."""
