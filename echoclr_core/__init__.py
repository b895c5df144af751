"""The EchoCLR study as a library: one room per stage, data flowing one way.

The rooms, in the order the data flows: tasks, dicom, deidentify, video, views, cohort, models, training,
pretrain, finetune, evaluate, explain, reporting; ``synthetic`` makes the embedded cohort and no stage imports
it. ``common`` is shared by all rooms. A room imports only what stands before it. Nothing here knows
Snakemake, the layout of ``results/`` or the config file.
"""

from echoclr_core.version import __version__

__all__ = ["__version__"]
