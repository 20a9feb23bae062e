"""The programs that are measured beside the connector. Each is started as a process and reads a task, a JSON file."""
