"""Parts that the commands of every edition share."""
