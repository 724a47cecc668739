"""The pooled equipment: found across communes, reserved in three clicks, never given to two."""
