"""The EchoCLR study as a library: one room per stage, data flowing one way.

The rooms, in the order the data flows: dicom, deidentify, video, views, cohort, models, training, pretrain,
finetune, evaluate, explain, reporting; ``synthetic`` makes the embedded cohort and is imported by no stage.
``common`` holds what every room stands on. A room imports only what stands before it. Nothing here knows
Snakemake, the layout of ``results/`` or the config file.
"""

__version__ = "0.1.0"
