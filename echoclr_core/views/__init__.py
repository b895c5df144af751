"""Which view a video shows: frames drawn, a classifier, one decision a video, and the PLAX videos kept."""
