"""One command a file; the file is the name of the command."""
