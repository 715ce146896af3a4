"""One file a contributor: when it speaks, and when it does not."""
