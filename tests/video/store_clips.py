"""A clip read in another process."""


def clip(store, video_id, start, length):
    """``store.clip`` as a function that a worker process can import."""
    return store.clip(video_id, start, length)
