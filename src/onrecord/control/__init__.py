"""Control: organisations, projects, users, API keys."""
