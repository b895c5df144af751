"""What is predicted: one object a task, with the rule that gives each study its label."""
