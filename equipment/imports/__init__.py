"""Files of rows brought in from elsewhere: read, checked as a dry run, and applied in chunks after a person decided."""
