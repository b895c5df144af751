"""What pretraining and fine-tuning share: device, precision, seeding, batches, checkpoints, one loop."""
