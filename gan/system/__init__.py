"""What is asked of the operating system: files, locks, memory, processes."""
