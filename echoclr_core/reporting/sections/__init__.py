"""The report, a file a section: each turns tables and figures of the study into blocks of the page."""
