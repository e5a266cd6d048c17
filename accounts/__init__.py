"""People: who they are, how they log in, the organizations they belong to."""
