"""Self-questioning language models on stock verl.

Domains, parsing, guards, votes and judging are those of `selfq serve`, asked over HTTP; this package has the trainer
that puts both roles on one policy, and writes the run folder that the other tools of the project read.
"""
