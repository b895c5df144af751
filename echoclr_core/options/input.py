"""Options of section `input`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options, section


@options()
class VideoInput:
    """Videos that come deidentified and without DICOM (public data sets). They take the place of
    input.dicom_dir and input.labels and enter after deidentification.
    """

    dir: str = option(
        "",
        "Folder of AVI or MP4 files; any tree.",
        changes="nothing",
    )
    table: str = option(
        "",
        (
            "CSV or Parquet table, one row a video: video, split and view as named here, keys and "
            "labels as in input.columns; a study's labels must agree in all its rows."
        ),
        changes="nothing",
    )
    layout: Literal["table", "echonet_dynamic", "echonet_lvh"] = option(
        "table",
        (
            "table = the columns named here and in input.columns; echonet_dynamic = FileList.csv of "
            "EchoNet-Dynamic; echonet_lvh = MeasurementsList.csv of EchoNet-LVH (one row a "
            "measurement, cm)."
        ),
        changes="numbers",
        source="ours",
    )
    video: str = option(
        "video",
        "Column that names the file: its path below dir, its name, or its name without suffix.",
        changes="numbers",
        min_length=1,
    )
    split: str | None = option(
        None,
        ("Column of the set (train, val, test, external), for cohort.split_unit table; null = none."),
        changes="numbers",
    )
    view: str | None = option(
        None,
        "Column of the view, for views.classifier provided; null = all are the first of views.keep.",
        changes="numbers",
    )


@options(renamed={"study_id": "study_key", "patient_id": "patient_key"})
class LabelColumns:
    """Names of the columns of the labels table."""

    study_key: str = option(
        "study_key",
        "Key of the study as in the DICOM files (text; leading zeros count).",
        changes="numbers",
        min_length=1,
    )
    patient_key: str | None = option(
        "patient_key",
        "Key of the patient; null = none (then the DICOM files' PatientID serves).",
        changes="numbers",
    )
    study_date: str | None = option(
        "study_date",
        (
            "Date of the study (YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY); only the year is kept. null "
            "where study_year is named."
        ),
        changes="numbers",
    )
    study_year: str | None = option(
        None,
        "Year of the study, where there is no date.",
        changes="numbers",
    )
    sex: str | None = option(
        "sex",
        "Sex (F/M, female/male).",
        changes="numbers",
    )
    as_severity: str | None = option(
        "as_severity",
        "Grade of aortic stenosis as text; an empty cell is missing, the text None is a grade.",
        changes="numbers",
    )
    lv_mass_index: str | None = option(
        "lv_mass_index",
        (
            "Left ventricular mass over body surface area, g/m²; may be empty or missing where the "
            "measurements are given."
        ),
        changes="numbers",
    )
    ivsd: str | None = option(
        None,
        "Interventricular septum in diastole, cm; null = no such column.",
        changes="numbers",
    )
    lvidd: str | None = option(
        None,
        "Left ventricular internal diameter in diastole, cm; null = no such column.",
        changes="numbers",
    )
    pwtd: str | None = option(
        None,
        "Posterior wall in diastole, cm; null = no such column.",
        changes="numbers",
    )
    height: str | None = option(
        None,
        "Height, cm; null = no such column.",
        changes="numbers",
    )
    weight: str | None = option(
        None,
        "Weight, kg; null = no such column.",
        changes="numbers",
    )


@options()
class InputOptions:
    """Your data. Paths are relative to the working directory unless absolute."""

    dicom_dir: str = option(
        "",
        "Folder of DICOM files; any tree, any names and suffixes. Empty where input.avi is used.",
        changes="nothing",
        required=True,
    )
    labels: str = option(
        "",
        "CSV or Parquet table of labels, one row a study; see input.columns.",
        changes="nothing",
        required=True,
    )
    avi: VideoInput = section(VideoInput)
    pseudonym_key_file: str = option(
        "",
        (
            "File with the secret key of the pseudonyms; when empty, the environment variable "
            "ECHOCLR_PSEUDONYM_KEY is used."
        ),
        changes="nothing",
    )
    outside_links: Literal["refuse", "follow"] = option(
        "refuse",
        (
            "Symbolic links in dicom_dir or avi.dir that lead out of it. refuse = each is a row with "
            "the outcome link_outside, and nothing behind it is read; follow = they count as files "
            "and folders of the archive (an archive that is made of links to another store)."
        ),
        changes="numbers",
        source="ours",
    )
    study_key: str = option(
        "AccessionNumber",
        (
            "DICOM keyword that tells which study a file belongs to; its values are those of the "
            "labels' study_key column. folder = the name of the folder that holds the file, for "
            "archives with a folder a study whose headers do not name it."
        ),
        changes="numbers",
        source="released code splits by accession number",
        pattern="^([A-Z][A-Za-z0-9]*|folder)$",
    )
    shards: int | None = option(
        None,
        (
            "Number of parts the archive is worked on in; null = by its number of files (125 for the "
            "paper's 447,653, up to 8 for less than 36,000) when the study is begun, and as before "
            "from then on. A study's part follows from its key, so new studies touch only their own "
            "parts; changing this number starts over from extraction."
        ),
        changes="numbers",
        unit="shards",
        ge=1,
        le=10000,
    )
    columns: LabelColumns = section(LabelColumns)
    extra_columns: Unique[Annotated[str, Field(min_length=1)]] = option(
        (),
        ("Further columns of the labels table that Table 1 and Table S1 describe, such as age or race."),
        changes="numbers",
    )
    released_columns: Unique[Annotated[str, Field(min_length=1)]] = option(
        (),
        (
            "Published columns (extra_columns, columns.as_severity, avi.view; view for the views of "
            "views.labels and class lists) that may leave although their texts look as if they could "
            "name a patient. Look at every text of a column before you name it here."
        ),
        changes="numbers",
        source="ours",
    )
    max_age: float | None = option(
        90,
        (
            "Ages above (evaluate.age_column, and columns whose name says age) are written as this "
            "one; null = as they stand."
        ),
        changes="numbers",
        unit="years",
        source="ours (HIPAA Safe Harbor: one category from 90)",
        gt=0,
    )
