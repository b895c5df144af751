"""The folder of source files that a rule reads: that of the study, or that of new patients."""


def source_key(snakemake) -> str:
    """The key of the configuration that names the folder."""
    return snakemake.params.get("folder_key", "input.dicom_dir")


def source_folder(snakemake) -> str:
    """The folder; its path is no parameter, since parameters get into Snakemake's metadata."""
    section, _, key = source_key(snakemake).partition(".")
    return snakemake.config[section][key]
