"""Check the bundles and copy their view classifier and its classes."""

from pathlib import Path

from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import atomic_path, copy_file
from echoclr_core.predict.bundle_file import check_files, read_description
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    digests = {}
    for folder in map(Path, snakemake.config["predict"]["bundles"]):
        description = read_description(folder)
        check_files(folder, description)
        classifier = folder / description["views"]["file"]
        digests[folder.name] = file_digest(classifier)
    if len(set(digests.values())) > 1:
        raise ValueError(
            f"predict.bundles: the view classifiers of {sorted(digests)} differ; predict these bundles in "
            "runs of their own, each with its predict.name"
        )
    copy_file(classifier, snakemake.output.classifier)
    with atomic_path(snakemake.output.classes) as temporary:
        temporary.write_text("\n".join(description["views"]["classes"]) + "\n", encoding="utf-8")
    log.info("%d bundles, whole", len(digests))
