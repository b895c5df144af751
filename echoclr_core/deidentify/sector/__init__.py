"""Find the ultrasound window of a clip: the pixels that may be kept."""
