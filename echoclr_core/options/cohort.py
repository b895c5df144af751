"""Options of section `cohort`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options


@options()
class CohortOptions:
    """Labels, exclusions, split."""

    development_years: Unique[Annotated[int, Field(ge=1900, le=2200)]] = option(
        (2016, 2017, 2018, 2019, 2020),
        "Studies of these years are split into training, validation and internal test set.",
        changes="numbers",
        unit="years",
        source="paper",
        min_length=1,
    )
    external_years: Unique[Annotated[int, Field(ge=1900, le=2200)]] = option(
        (2021,),
        "Studies of these years are the temporal external test set; none = there is no such set.",
        changes="numbers",
        unit="years",
        source="paper",
    )
    split_unit: Literal["study", "patient", "table"] = option(
        "study",
        (
            "What is kept together. study = the paper; patient = recommended, also keeps development "
            "patients out of the external set; table = no draw, the sets are those of the table of "
            "input.avi."
        ),
        changes="numbers",
        source="paper (study)",
    )
    several_patients: Literal["exclude", "split", "majority"] = option(
        "exclude",
        (
            "What becomes of a study whose files name several patients (PatientID with its issuer), "
            "as where two sites number alike. exclude = it is left out and counted; split = each "
            "patient's files are a study of their own, and the label table may have a row for each; "
            "majority = the files of the patient whom the label row names are kept, or else of the "
            "one whom most files name. All are listed in cohort/unmatched.parquet."
        ),
        changes="numbers",
        source="ours",
    )
    split_fractions: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = option(
        (0.75, 0.1, 0.15),
        "Training, validation, internal test; together 1.",
        changes="numbers",
        unit="share of studies",
        source="paper",
        min_length=3,
        max_length=3,
    )
