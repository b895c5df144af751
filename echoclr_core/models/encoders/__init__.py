"""One file a family of encoders; every file here is found by name (see ``models.encoder.register``)."""
