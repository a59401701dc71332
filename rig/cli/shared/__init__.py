"""What all commands share: console, output, endings, types of arguments."""
