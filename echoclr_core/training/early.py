"""Early stopping, counted as the paper does."""

import math


class EarlyStopping:
    """Stop after ``patience`` consecutive epochs whose loss is not below the best one (paper: 5).

    With losses 1.0, 0.9, 0.9, 0.95, 0.9, 1.0, 0.91 and patience 5 the run ends after the seventh epoch and
    the second is the best: an equal loss is no improvement.

    Parameters
    ----------
    patience
        At least 1.
    """

    def __init__(self, patience: int = 5):
        if patience < 1:
            raise ValueError(f"patience must be at least 1; received {patience}")
        self.patience = patience
        self.best = math.inf
        self.epochs_without_improvement = 0

    def update(self, loss: float) -> bool:
        """Count one epoch; True if its loss is the best so far."""
        if loss < self.best:
            self.best, self.epochs_without_improvement = loss, 0
            return True
        self.epochs_without_improvement += 1
        return False

    @property
    def stop(self) -> bool:
        """Whether the run ends here."""
        return self.epochs_without_improvement >= self.patience
