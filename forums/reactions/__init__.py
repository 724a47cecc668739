"""What readers answer to a post in one sign, without a word."""
