"""What a company hands in, brought to contract tables: nothing lost, nothing guessed."""
