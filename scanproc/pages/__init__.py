"""What the report says, as rows of text (report_text), and HTML pages that need nothing else (html)."""
