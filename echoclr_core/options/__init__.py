"""Every option, typed once, one file a section."""
