"""What a study is made from: DICOM files, videos that come without them, or the synthetic cohort."""


def videos_provided(config: dict) -> bool:
    """Whether the study is one of videos without DICOM, be their paths named already or not."""
    avi = config["input"]["avi"]
    return bool(avi["dir"] or avi["table"] or avi["layout"] != "table")


def is_synthetic(config: dict) -> bool:
    """Whether the study is one of the synthetic cohort."""
    return config["synthetic"]["development_studies"] > 0


def unnamed_data(config: dict) -> list[str]:
    """The keys of the user's data that are empty, a line each, and what to do; nothing if all are filled."""
    wanted = ("avi.dir", "avi.table") if videos_provided(config) else ("dicom_dir", "labels")
    provided = config["input"] | {f"avi.{key}": value for key, value in config["input"]["avi"].items()}
    empty = [f"input.{key}" for key in wanted if not provided[key]]
    if not empty:
        return []
    return [
        *(f"{key}: is empty; name your data here (see README, Your own archive)" for key in empty),
        "No data yet? `make demo` runs the whole study on a synthetic cohort and needs none of these keys.",
    ]
