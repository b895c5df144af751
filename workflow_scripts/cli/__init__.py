"""The command line `echoclr`: one module a command, each with EXAMPLES, add_arguments and run."""
