"""What {{name}} is for, in one sentence."""
