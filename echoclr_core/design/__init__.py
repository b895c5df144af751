"""The design of a study from its configuration: tasks, initialisations, the grid of trainings, problems.

Plain values in and out: nothing here loads pandas or torch, since the rules read it in every cluster job.
"""
