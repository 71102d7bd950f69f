"""Finding personal data and secrets in text: cheap linear triggers first, exact rules only around what they hit."""
