"""What the rules and the scripts share: checks before a run, the grid of the study, the frame of a job."""
