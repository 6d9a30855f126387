"""The comparison of fairness libraries that ../compare_libraries.py runs: tasks, methods, jobs, measures and the page of results."""
