"""Supervised fine-tuning, choice of the learning rate, prediction."""
