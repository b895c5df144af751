"""Text for a manuscript from the recorded settings and tables of a run: facts, no judgement."""
