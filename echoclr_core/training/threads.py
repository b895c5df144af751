"""How many CPU threads a job's networks may use."""

import cv2
import torch


def use_threads(threads: int) -> None:
    """Keep torch and OpenCV to ``threads`` threads: the scheduler gave the rest to other jobs."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
