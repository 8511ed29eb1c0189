"""Who may see what: users, sessions, tokens, workspaces."""
