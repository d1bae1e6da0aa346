"""What is made of several scans together: a comparison of two, one page of a person, the table of a cohort."""
