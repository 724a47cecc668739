"""What a conversation is for: questions with an accepted answer, announcements to acknowledge."""
