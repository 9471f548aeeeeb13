"""Ad-hoc analysis: one question in SQL, asked by a person of the served marts, answered in a process of its own.

`served` makes the file that may be asked, `guard` says what a question may name, `sandbox` runs in the process, `door` starts, bounds and ends it.
"""
