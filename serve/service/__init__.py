"""What the doors share: the library of meetings, the job runner, the bell that wakes readers."""
