"""What is known of runs: tables, the rules of status, queries, the API."""
