"""Which videos the saliency figure shows."""

import pandas as pd


def most_confident(predictions: pd.DataFrame, n: int = 4) -> pd.DataFrame:
    """The ``n`` studies a reference model is surest are positive, each by its most confident video.

    The paper shows four (its workshop version five) test studies, chosen by the Kinetics-initialised
    model. Ids are carried along, so that a study cannot appear twice, nor another video be shown.

    Parameters
    ----------
    predictions
        PREDICTIONS of the reference model on the test set.
    n
        Studies; all of them, if there are fewer.

    Returns
    -------
    DataFrame
        rank (from 1), study_id, video_id, label, study_probability, video_probability; falling
        study_probability, equal ones by study_id.

    Raises
    ------
    ValueError
        If there is no prediction, a probability is missing, or ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"n: {n}; allowed is 1 or more studies")
    columns = ["study_id", "video_id", "label", "study_probability", "video_probability"]
    table = predictions[columns]
    if table.empty or table.isna().any(axis=None):
        missing = int(table.isna().sum().sum())
        raise ValueError(f"predictions: {len(table)} rows, {missing} cells missing; none may be")
    order = ["study_probability", "study_id", "video_probability", "video_id"]
    table = table.sort_values(order, ascending=[False, True, False, True])
    chosen = table.drop_duplicates("study_id").head(n).reset_index(drop=True)
    chosen.insert(0, "rank", range(1, len(chosen) + 1))
    return chosen


def most_wrong(predictions: pd.DataFrame, n: int = 3) -> pd.DataFrame:
    """The ``n`` controls of highest and the ``n`` cases of lowest probability, by their most extreme video.

    What a model calls wrongly at whatever threshold is among these, the surest first.

    Parameters
    ----------
    predictions
        PREDICTIONS of one model on one test set; it may be empty.
    n
        Studies of each class, at most.

    Returns
    -------
    DataFrame
        study_id, video_id, label, study_probability, video_probability; controls first.
    """
    columns = ["study_id", "video_id", "label", "study_probability", "video_probability"]
    found = []
    for label, rising in ((0, False), (1, True)):
        table = predictions.loc[predictions["label"] == label, columns]
        order = ["study_probability", "study_id", "video_probability", "video_id"]
        table = table.sort_values(order, ascending=[rising, True, rising, True])
        found.append(table.drop_duplicates("study_id").head(n))
    return pd.concat(found, ignore_index=True)
