"""How many processes a pretraining runs in, from the places on GPUs that it asked for."""


def processes_of(places: int, jobs_per_gpu: int) -> int:
    """Processes of a pretraining that asked for ``places`` on GPUs: one a GPU, which it fills by itself.

    Raises
    ------
    ValueError
        When the places are no whole number of GPUs.
    """
    if places % jobs_per_gpu:
        raise ValueError(
            f"pretrain_encoder asks for gpu: {places}, which is no multiple of compute.jobs_per_gpu "
            f"{jobs_per_gpu}; allowed are {jobs_per_gpu} for one GPU, {2 * jobs_per_gpu} for two, ..."
        )
    return max(places // jobs_per_gpu, 1)
