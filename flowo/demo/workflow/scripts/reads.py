"""Prints reads that a sample's name determines, as FASTQ."""

import random
import sys

letters = random.Random(sys.argv[1])
for number in range(200):
    sequence = "".join(letters.choices("ACGT", k=60))
    print(f"@{sys.argv[1]}.{number}\n{sequence}\n+\n{'I' * 60}")
