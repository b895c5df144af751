"""Video encoders, the heads on them, and weights in and out."""
