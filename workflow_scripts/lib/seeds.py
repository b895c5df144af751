"""Seeds of the study's repeats."""

from echoclr_core.common.randomness import derive_seed


def seed_of(study_seed: int, number: int) -> int:
    """Seed of pretraining ``number``, or of repeat ``number`` of fine-tuning; the first has the study's own.

    So a repeat of a model without pretraining starts from other weights, and a repeat with all labels, which
    every draw has in common, is another training.
    """
    return derive_seed(study_seed, "repeat", number) % 2**31 if number else study_seed
