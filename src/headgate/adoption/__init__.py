"""Taking headgate into a repository that knows nothing of it: what is found there, and what is written."""
