"""What each check on a generated sentence looks for: pure functions of the sentence and its evidence, English and Chinese."""
